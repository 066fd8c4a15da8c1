"""What a store is, and the simplest one."""

from typing import Protocol


class Missing(KeyError):
    """No record has this key."""


class Store(Protocol):
    """Text by key."""

    def read(self, key: str) -> str:
        """The record of `key`; raises Missing."""

    def write(self, key: str, text: str) -> None:
        """Replace the record of `key`."""


class MemoryStore:
    """A store for tests and for small services."""

    def __init__(self) -> None:
        self._records: dict[str, str] = {}

    def read(self, key: str) -> str:
        """The record of `key`; raises Missing."""
        try:
            return self._records[key]
        except KeyError:
            raise Missing(key)

    def write(self, key: str, text: str) -> None:
        """Replace the record of `key`."""
        self._records[key] = text
