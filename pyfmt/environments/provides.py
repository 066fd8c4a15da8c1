"""Which installed distributions provide a top-level name in an environment, and which names their modules import."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyfmt import disk
from pyfmt.environments.fingerprint import record_rows

# A whole statement, so that hardly any prose or example in a docstring counts. More is no harm, less would be.
_STATEMENT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([A-Za-z_]\w*)[\w.]*[ \t]+import[ \t(*\\\w]|import[ \t]+([A-Za-z_][\w., \t]*))", re.MULTILINE
)
_SUFFIXES = ("py", "pyi", "pyc", "so", "pyd")
_STUBS = "-stubs"


@dataclass(frozen=True, slots=True)
class Provider:
    """A distribution in a site folder: what identifies its contents on any machine, and its modules' absolute paths."""

    folder: str  # "pydantic-2.7.0.dist-info"
    digest: str  # of the rows of its RECORD
    modules: tuple[str, ...]

    def imported(self) -> frozenset[str]:
        """The top-level names that its modules seem to import; reads them all."""
        found: set[str] = set()
        for path in self.modules:
            try:
                found.update(_imported(disk.read_bytes(path)))
            except OSError:
                continue  # listed in RECORD and removed since: nobody imports it
        return frozenset(found)


def _imported(source: bytes) -> Iterator[str]:
    for origin, plain in _STATEMENT.findall(source):
        if origin:
            yield origin.decode()
            continue
        for item in plain.decode().split(","):
            words = item.split()
            if words and (len(words) == 1 or words[1] == "as"):
                yield words[0].partition(".")[0]


def importable(folder: str) -> frozenset[str]:
    """The top-level names that can be imported from a folder on the search path; empty for one that is not there.

    Stubs (`requests-stubs`) count as what they describe.
    """
    try:
        entries = [entry.partition(".") for entry in os.listdir(folder)]
    except OSError:
        return frozenset()
    return frozenset(
        name.removesuffix(_STUBS) for name, _, suffix in entries if not suffix or suffix.endswith(_SUFFIXES)
    )


def provided(site: str) -> dict[str, tuple[Provider, ...]]:
    """By top-level name, the distributions of a site folder that have a part of it; not what no RECORD lists."""
    found: dict[str, list[Provider]] = {}
    try:
        entries = sorted(entry for entry in os.listdir(site) if entry.endswith(".dist-info"))
    except OSError:
        return {}
    for entry in entries:
        rows, tops = record_rows(os.path.join(site, entry), {})  # what cannot be read is said with the environment
        digest = hashlib.sha256("\n".join(rows).encode("utf-8", "surrogateescape")).hexdigest()
        one = Provider(entry, digest, tuple(_modules(site, rows)))
        for name in sorted({top.partition(".")[0].removesuffix(_STUBS) for top in tops if top != entry}):
            found.setdefault(name, []).append(one)
    return {name: tuple(known) for name, known in found.items()}


def _modules(site: str, rows: Iterable[str]) -> Iterator[str]:
    for row in rows:
        path = row.rsplit(",", 2)[0].strip('"')
        if path.endswith((".py", ".pyi")):
            yield os.path.join(site, path)
