"""Records by key, kept in memory or in files."""

from acme.storage.files import FileStore
from acme.storage.store import MemoryStore, Missing, Store

__all__ = ["FileStore", "MemoryStore", "Missing", "Store"]
