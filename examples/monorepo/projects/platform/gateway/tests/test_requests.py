"""A body becomes an event."""

import unittest

from gateway.requests import parse


class RequestsTest(unittest.TestCase):
    """Bodies are JSON."""

    def test_a_body_becomes_an_event(self) -> None:
        """Kind and subject are kept."""
        event = parse('{"kind": "paid", "subject": "invoice-1"}').event()
        self.assertEqual((event.kind, event.subject), ("paid", "invoice-1"))
