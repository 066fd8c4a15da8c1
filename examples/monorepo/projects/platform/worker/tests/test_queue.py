"""A queue keeps the order."""

import unittest

from acme.storage import MemoryStore
from gateway.requests import Incoming

from worker.queue import Queue


class QueueTest(unittest.TestCase):
    """First in, first out."""

    def test_the_first_comes_first(self) -> None:
        """The order is kept."""
        queue = Queue(MemoryStore())
        for subject in ("a", "b"):
            queue.add(Incoming(kind="paid", subject=subject))
        self.assertEqual(queue.next().subject, "a")
