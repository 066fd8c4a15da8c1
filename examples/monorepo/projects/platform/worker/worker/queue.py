"""Requests that wait."""

from collections import deque
from acme.storage import Store
from gateway.requests import Incoming

class Queue:
    """First in, first out; each request is also kept in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[Incoming] = deque()

    def add(self, request: Incoming) -> None:
        """Put a request at the end."""
        self._store.write(request.subject, request.model_dump_json())
        self._waiting.append(request)

    def next(self) -> Incoming | None:
        """The request that waits longest, or None."""
        return self._waiting.popleft() if self._waiting else None
