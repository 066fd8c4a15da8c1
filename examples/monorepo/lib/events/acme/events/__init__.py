"""Events, and the bus that carries them."""

from acme.events.bus import Bus
from acme.events.event import Event

__all__ = ["Bus", "Event"]
