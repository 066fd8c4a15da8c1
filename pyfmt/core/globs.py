"""PURE: globs of folders as uv, PDM and `projects` write them, matched in a time that no pattern can blow up."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase


def parts_of(path: str) -> list[str]:
    """The parts of a relative path or glob between its slashes, without "."."""
    return [part for part in path.split("/") if part not in ("", ".")]


def matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a glob matches a whole path: `*` stays in one part, `**` alone in its part is any number of them."""
    reached = {0}  # how many parts of the pattern may have been used up by the parts of the path so far
    for part in parts:
        following: set[int] = set()
        for place in _past_stars(reached, pattern):
            if place < len(pattern):
                if pattern[place] == "**":
                    following.add(place)
                elif fnmatchcase(part, pattern[place]):
                    following.add(place + 1)
        reached = following
    return len(pattern) in _past_stars(reached, pattern)


def _past_stars(places: set[int], pattern: Sequence[str]) -> set[int]:
    """The places, and those behind every `**` that begins at one, since it may be no part at all."""
    found = set(places)
    for place in places:
        while place < len(pattern) and pattern[place] == "**":
            place += 1
            found.add(place)
    return found
