"""A formatter of another release, as a program: it formats copies, many in one call, as it would the files."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyfmt import disk
from pyfmt.tools.worker import GUARDED

_LAST = 5  # lines of a call that failed


@dataclass(frozen=True, slots=True)
class FormatterCall:
    """How copies are formatted, as `worker/task.py` takes it; the files are added to the command."""

    module: str  # of the program
    interpreter: str  # absolute path of the Python that has it
    arguments: tuple[str, ...]
    refusal: re.Pattern[str]  # of a line that it says; groups `file`, one that it could not format, and `why`
    texts: tuple[tuple[str, str], ...] = ()  # further files in its scratch folder
    environ: tuple[tuple[str, str], ...] = ()
    statuses: tuple[int, ...] = (0,)  # exit codes that mean that it has done its work, perhaps but for some files


class RefusedError(Exception):
    """A text is not formatted; the message says why, in the program's own words."""


def formatted(call: FormatterCall, files: Mapping[str, bytes]) -> dict[str, bytes | RefusedError]:
    """What the program makes of files, by their paths relative to the root; what goes wrong is about single files."""
    import tempfile  # these two, as subprocess, only where a release is chosen

    from pyfmt.tools.program.worker import task

    with tempfile.TemporaryDirectory(prefix="pyfmt-format-") as folder:
        copies = Path(disk.realpath(folder), "copies")
        copies.mkdir()
        places = {str(copies / _inside(path)): path for path in files}
        for place, path in places.items():
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            Path(place).write_bytes(files[path])
        command = [call.interpreter, "-I", "-m", call.module, *call.arguments, "--", *places]
        guard = [sys.executable, "-I", "-S", GUARDED, folder]
        with _held() as stdin:
            request = {"command": [*guard, *command], "stdin": stdin, "within": folder}
            request |= {"texts": dict(call.texts), "environ": dict(call.environ)}
            done = task.run({"folder": str(copies), "calls": [request]})["calls"][0]
        lines = (done["stdout"] + done["stderr"]).splitlines()
        told = {os.path.normpath(found["file"]): found["why"] for found in map(call.refusal.fullmatch, lines) if found}
        refused = {place: told[place] for place in places if place in told}
        if done["status"] not in call.statuses or (done["status"] and not refused):
            if len(files) > 1:  # one of them, but which?
                return {path: formatted(call, {path: data})[path] for path, data in files.items()}
            why = "\n".join([f"{call.module} ended with exit code {done['status']}", *lines[-_LAST:]])
            refused = dict.fromkeys(places, why)
        return {
            path: RefusedError(refused[place]) if place in refused else disk.read_bytes(place)
            for place, path in places.items()
        }


@contextlib.contextmanager
def _held() -> Iterator[int]:
    """The end for reading of a pipe that nobody writes to, and that ends with this process, however that ends."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)


def _inside(path: str) -> str:
    """Where a copy stands: a text that is told of may be one outside of the root, and the copy must not."""
    return os.path.basename(path) if os.path.isabs(path) or ".." in Path(path).parts else path
