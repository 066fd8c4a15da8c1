"""PURE: the folders that a relative path lies in; "." is the root."""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterator


def parent(path: str) -> str:
    """The folder of a path."""
    return posixpath.dirname(path) or "."


def above(path: str) -> Iterator[str]:
    """The folders above a path, the nearest first; the last one is the root, with all slashes of an absolute path."""
    while path != "." and path.strip("/"):
        path = parent(path)
        yield path


def nearest_home(path: str, homes: Container[str]) -> str | None:
    """The nearest of `homes` at or above a path, relative or absolute."""
    return path if path in homes else next((folder for folder in above(path) if folder in homes), None)
