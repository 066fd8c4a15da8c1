"""The bus calls those who listen."""

import unittest

from acme.events import Bus, Event


class BusTest(unittest.TestCase):
    """Bus carries events."""

    def test_calls_the_listeners_of_the_kind(self) -> None:
        """Only the listeners of the event's kind are called."""
        heard: list[Event] = []
        bus = Bus()
        bus.listen("paid", heard.append)
        bus.publish(Event("paid", "invoice-1"))
        self.assertEqual([event.subject for event in heard], ["invoice-1"])
