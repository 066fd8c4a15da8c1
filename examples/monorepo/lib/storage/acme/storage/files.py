"""A store in a folder, one file a record."""

from pathlib import Path

from acme.storage.store import Missing


class FileStore:
    """Text by key, each in a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str) -> str:
        """The record of `key`; raises Missing."""
        path = self._folder / key
        if not path.exists():
            raise Missing(key)
        with open(path) as file:
            return file.read()

    def write(self, key: str, text: str) -> None:
        """Replace the record of `key`."""
        (self._folder / key).write_text(text, encoding="utf-8")
