"""Files of a project that are formatted together, in any process: read and formatted, never written."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pyfmt import disk
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.errors import ConfigError
from pyfmt.core.model import ToolConfig, Unit
from pyfmt.runner import edits
from pyfmt.tools import formatting
from pyfmt.tools.black.newer import Find
from pyfmt.tools.formatting import FormatResult, FormatSettings

_CHUNK_BYTES = 60_000  # about half a second of black
_CHUNK_FILES = 40
# How much a process formats before it looks for garbage. Looking costs a tenth; black's trees are 150 times as large as
# their text, and nothing but the collector frees them: so it may be 40 MB.
_UNCOLLECTED_BYTES = 250_000


@dataclass(frozen=True, slots=True)
class FormatOptions:
    """How to format; `configs` are those of the wanted tools among isort and black.

    `timeout` is in seconds: when no file gets done for so long, what is under way counts as hanging. `on_settled` is
    told of each file that needs no change as it stands now, with the SHA-256 of those bytes (what a cache may
    remember). `newer` finds a Python for syntax that this one does not know; it goes to other processes.
    """

    root: Path  # absolute
    configs: tuple[ToolConfig, ...]
    write: bool = True
    diff: bool = False
    jobs: int = 1
    timeout: float = 600.0
    on_settled: Callable[[str, str], None] | None = None
    newer: Find | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Files of one unit that go to a process together."""

    unit: int  # its place in the sequence
    files: tuple[str, ...]
    size: int  # bytes
    root: str
    settings: FormatSettings
    write: bool
    diff: bool

    def only(self, file: str) -> Chunk:
        """The same for one of the files."""
        return replace(self, files=(file,))


@dataclass(frozen=True, slots=True)
class FileResult:
    """What came of one file; `before` only where it is to be written, to save the way between the processes."""

    path: str
    result: FormatResult = FormatResult()
    before: bytes | None = None
    diff: str = ""
    digest: str = ""  # of the text as it will stand, "" where it is not settled
    trouble: str = ""  # why there is no result
    trouble_detail: str = ""


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """What came of a chunk."""

    answers: tuple[FileResult, ...]
    seconds: float
    started: float  # by the monotonic clock, which is the same in all processes of a machine


def cut(units: Sequence[Unit], options: FormatOptions) -> Iterator[Chunk]:
    """Chunks of similar size; no chunk has files of two projects."""
    for number, unit in enumerate(units):
        for part in unit.parts:
            settings = formatting.settings_for(part.project, options.root, options.configs, options.newer)
            for files, size in _portions(part.files, options.root):
                yield Chunk(number, files, size, str(options.root), settings, options.write, options.diff)


def _portions(files: Iterable[str], root: Path) -> Iterator[tuple[tuple[str, ...], int]]:
    portion: list[str] = []
    size = 0
    for file in files:
        portion.append(file)
        size += _size(root, file)
        if size >= _CHUNK_BYTES or len(portion) >= _CHUNK_FILES:
            yield tuple(portion), size
            portion, size = [], 0
    if portion:
        yield tuple(portion), size


def _size(root: Path, file: str) -> int:
    try:
        return disk.stat(f"{root}/{file}").st_size
    except OSError:
        return 0  # reading it says why


def work(chunk: Chunk) -> ChunkResult:
    """Read and format the files of a chunk; writes nothing."""
    start = time.monotonic()
    if chunk.settings.has_releases():
        formatting.ahead(_texts(chunk), chunk.settings)
    answers = tuple(_format_file(file, chunk) for file in chunk.files)
    _collect_later(chunk.size)
    return ChunkResult(answers, time.monotonic() - start, start)


def _texts(chunk: Chunk) -> dict[str, bytes]:
    """The modules of a chunk that can be read; of the others `_format_file` tells why not."""
    found = {}
    for file in chunk.files:
        with contextlib.suppress(OSError):
            if not file.endswith(NOTEBOOK_SUFFIX):
                found[file] = disk.read_bytes(os.path.join(chunk.root, file))
    return found


def format_data(data: bytes, path: str | None, settings: FormatSettings) -> FormatResult:
    """What the formatters make of a file's bytes; raises ConfigError."""
    if path is None or not path.endswith(NOTEBOOK_SUFFIX):
        return formatting.format_bytes(data, path, settings)
    from pyfmt.tools import notebooks  # deferred: only where there are any

    return notebooks.format_notebook(data, path, settings)


_formatted = [0]  # bytes, in this process


def _collect_later(size: int) -> None:
    """Start to look for garbage where `_start_process` has put that off, and enough has been formatted since."""
    import gc

    _formatted[0] += size
    if _formatted[0] > _UNCOLLECTED_BYTES and not gc.isenabled():
        gc.freeze()  # what has piled up is not looked at again either
        gc.enable()


def _format_file(file: str, chunk: Chunk) -> FileResult:
    try:
        before = disk.read_bytes(os.path.join(chunk.root, file))
    except OSError as error:
        return FileResult(file, trouble=f"cannot be read: {error.strerror or error}")
    try:
        result = format_data(before, file, chunk.settings)
    except ConfigError:
        raise
    except Exception as error:  # pylint: disable=broad-exception-caught  # one file's trouble is no other's
        return FileResult(file, trouble=f"{type(error).__name__}: {error}", trouble_detail=traceback.format_exc())
    changed = result.data is not None
    diff = edits.unified_diff(before, result.data, file) if chunk.diff and result.data is not None else ""
    final = result.data if result.data is not None and chunk.write else before
    settled = result.settled and (chunk.write or not changed)
    digest = hashlib.sha256(final).hexdigest() if settled else ""
    return FileResult(file, result, before if changed and chunk.write else None, diff, digest)
