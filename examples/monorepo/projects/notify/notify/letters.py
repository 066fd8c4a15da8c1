"""A letter for each event that somebody waits for."""

import os
from acme.events import Bus, Event

from notify.versions import newer


def letter(event: Event, known: str) -> str | None:
    """The text of the letter, or None where nothing is new."""
    if not newer(known, event.subject):
        return None
    return f"version {event.subject} is there, you have {known}"


def subscribe(bus: Bus, known: str, letters: list[str]) -> None:
    """Collect a letter for each release."""

    def write(event: Event) -> None:
        text = letter(event, known)
        letters.append(text)

    bus.listen("release", write)
