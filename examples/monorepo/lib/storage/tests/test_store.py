"""A store gives back what it was given."""

import unittest

from acme.storage import MemoryStore, Missing


class MemoryStoreTest(unittest.TestCase):
    """MemoryStore keeps text by key."""

    def test_gives_back_what_was_written(self) -> None:
        """What is written can be read."""
        store = MemoryStore()
        store.write("a", "text")
        self.assertEqual(store.read("a"), "text")

    def test_says_what_is_missing(self) -> None:
        """An unknown key is an error."""
        with self.assertRaises(Missing):
            MemoryStore().read("a")
