"""PEP 723: scripts that name their dependencies in themselves (`# /// script`), and the environments that uv has made.

uv keeps one for each script in its cache, `environments-v2/<stem>-<digest of the script's absolute path>`
(`uv sync --script`, `uv run`; seen with 0.13). Nothing is started: the digest is computed as uv does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.core.memo import TextMemo
from pyfmt.core.model import Environment, Health, Project, Resolution
from pyfmt.core.planning import shell_word
from pyfmt.environments import standalone
from pyfmt.environments.lacking import lacking
from pyfmt.environments.reading import read

RULE = "uv script"
MARK = b"# /// script"
_BLOCK = re.compile(r"^# /// script[ \t]*\n((?:#(?: .*)?\n)+?)# ///[ \t]*$", re.MULTILINE)
_BUCKET = re.compile(r"environments-v\d+")
_WORD, _MASK, _FACTOR = 8, (1 << 64) - 1, 0x6EED0E9DA4D94A4F
_SEEDS = (0x16F11FE89B0D677C, 0xB480A793D8E6C86C, 0x6FE2E5AAF078EBC9, 0x14F994A4C5259381)


@dataclass(frozen=True, slots=True)
class Scripts:
    """Finds the environments of the scripts of a monorepo at `root`."""

    root: Path
    environ: Mapping[str, str]
    memo: TextMemo

    def resolve(self, file: str, project: str) -> Resolution | None:
        """The environment of a script (relative to the root) in a project; None for a file that is none.

        Without one that has all that the script names, the note says why, and the command that makes it.
        """
        try:
            needs = _dependencies(disk.read_text(self.root / file, "replace"))
        except (OSError, ValueError) as error:
            reason = f"its `# /// script` block cannot be read: {parsing.why(error)}"
            return Resolution(project, None, "", reason)
        if needs is None:
            return None
        environment = next(filter(None, map(self._read, self._places(file))), None)
        if environment is None:
            alone = None if needs else standalone.standalone(str(self.root), ())
            if alone is not None:
                return Resolution(project, alone, standalone.RULE)
            missing = "no environment has what its `# /// script` block names"
        elif environment.health is Health.BROKEN:
            missing = f"its environment is broken: {environment.reason}"
        else:
            poor = lacking(Project(file, file, needs=needs), environment, self.memo)
            if not poor:
                return Resolution(project, replace(environment, name=f"script {file}"), RULE)
            missing = f"its environment {poor}"
        word = shell_word(file)
        return Resolution(
            project, None, "", f"{missing}; run `pyfmt envs create {word}` (or `uv sync --script {word}`)"
        )

    def _read(self, place: str) -> Environment | None:
        return read(Path(place), self.root, self.memo) if disk.is_dir(place) else None

    def _places(self, file: str) -> Iterator[str]:
        """Where uv keeps a script's environment, the newest form of its cache first."""
        home = self.environ.get("HOME") or os.path.expanduser("~")
        caches = self.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
        cache = self.environ.get("UV_CACHE_DIR") or os.path.join(caches, "uv")
        digest = path_digest(os.path.join(disk.realpath(self.root), file))
        buckets = filter(_BUCKET.fullmatch, disk.names_in(cache))
        for bucket in sorted(buckets, key=lambda name: (len(name), name), reverse=True):
            folder = os.path.join(cache, bucket)
            for name in disk.names_in(folder):
                if name == digest or name.endswith(f"-{digest}"):
                    yield os.path.join(folder, name)


def metadata(text: str) -> dict[str, Any] | None:
    """A script's block; None without one. Raises ValueError for one that is no TOML, or twice there."""
    blocks = _BLOCK.findall(text)
    if not blocks:
        return None
    if len(blocks) > 1:
        raise ValueError("there are several")
    content = "\n".join(line[2:] for line in blocks[0].splitlines())
    return parsing.parse_toml(content)


def _dependencies(text: str) -> tuple[str, ...] | None:
    """What a script's block names; None without a block. Raises ValueError as `metadata`."""
    block = metadata(text)
    return None if block is None else parsing.strings(block.get("dependencies"))


def path_digest(path: str) -> str:
    """uv's digest of an absolute path: SeaHash over what Rust hashes of it, which is its parts and a sum of their
    lengths, in hexadecimal."""
    parts = [os.fsencode(part) for part in path.split(os.sep) if part]
    lengths = 0
    for part in parts:
        lengths = _rotated((lengths + len(part)) & _MASK)
    data = b"".join(parts) + lengths.to_bytes(_WORD, "little")
    lanes = list(_SEEDS)
    for start in range(0, len(data), _WORD):
        word = data[start : start + _WORD]
        mixed = _diffused(lanes[0] ^ int.from_bytes(word, "little"))
        lanes = [*lanes[1:], mixed] if len(word) == _WORD else [mixed, *lanes[1:]]
    total = _diffused(lanes[0] ^ lanes[1] ^ lanes[2] ^ lanes[3] ^ len(data))
    return total.to_bytes(_WORD, "little").hex()


def _rotated(value: int) -> int:
    return (value >> 2 | value << 62) & _MASK


def _diffused(value: int) -> int:
    value = value * _FACTOR & _MASK
    value ^= (value >> 32) >> (value >> 60)
    return value * _FACTOR & _MASK
