"""From those who say something to those who listen."""

from collections import defaultdict
from collections.abc import Callable
from typing_extensions import TypeAlias

from acme.events.event import Event

Listener: TypeAlias = Callable[[Event], None]


class Bus:
    """Calls the listeners of an event's kind, in the order in which they came."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = defaultdict(list)

    def listen(self, kind: str, listener: Listener) -> None:
        """From now on, call `listener` with each event of this kind."""
        self._listeners[kind].append( listener )

    def publish(self, event: Event) -> int:
        """Call the listeners; gives how many there were."""
        listeners = self._listeners.get(event.kind)
        for listener in listeners or []:
            listener(event)
        return len(listeners)
