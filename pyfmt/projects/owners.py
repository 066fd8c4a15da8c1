"""CODEOWNERS, as GitHub and GitLab read it: who answers for a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyfmt import disk
from pyfmt.projects.ignoring import IgnoreFile, as_bytes

_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_SECTION = re.compile(r"\^?\[[^\]]+\](?:\[\d+\])?(.*)")  # GitLab's: each section has owners of its own
_BLANK = re.compile(r"(?<!\\)\s+")


@dataclass(frozen=True, slots=True)
class _OwnersRule:
    pattern: IgnoreFile
    deep: bool  # `docs/*` is about files of the folder itself only
    owners: tuple[str, ...]

    def covers(self, path: str) -> bool:
        """Whether the pattern matches the file, or a folder above it."""
        place, is_folder = path, False
        while place:
            if self.pattern.verdict(as_bytes(place), as_bytes(place.rpartition("/")[2]), is_folder):
                return True
            place, is_folder = place.rpartition("/")[0] if self.deep else "", True
        return False


class CodeOwners:
    """The rules of one file; in each section the last one that matches decides."""

    def __init__(self, text: str) -> None:
        self._sections = list(_sections(text))

    def __call__(self, path: str) -> tuple[str, ...]:
        """Who owns a file (relative to the repository's top); nobody is ()."""
        found: dict[str, None] = {}
        for rules in self._sections:
            rule = next((rule for rule in reversed(rules) if rule.covers(path)), None)
            found |= dict.fromkeys(rule.owners if rule else ())
        return tuple(found)


def _sections(text: str) -> Iterator[list[_OwnersRule]]:
    rules: list[_OwnersRule] = []
    default: tuple[str, ...] = ()
    for line in text.splitlines():
        words = _BLANK.split(re.sub(r"(?:^|\s)#.*", "", line).strip())
        if section := _SECTION.fullmatch(line.strip()):
            yield rules
            rules, default = [], tuple(section[1].split())
        elif words[0]:
            owners = tuple(words[1:]) or default
            rules.append(_OwnersRule(IgnoreFile([words[0]]), not words[0].endswith("/*"), owners))
    yield rules


def read_owners(top: Path) -> tuple[str, CodeOwners] | None:
    """The CODEOWNERS of a repository, and where it stands; None where there is none that can be read."""
    for place in _PLACES:
        try:
            return place, CodeOwners(disk.read_text(top / place, "replace"))
        except OSError:
            continue
    return None
