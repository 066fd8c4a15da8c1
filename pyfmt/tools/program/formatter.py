"""A formatter of another release, as a program: it formats copies, many in one call, as it would the files."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyfmt import disk

_LAST = 5  # lines of a call that failed


@dataclass(frozen=True, slots=True)
class FormatterCall:
    """How copies are formatted, as `worker/task.py` takes it; the files are added to the command."""

    module: str  # of the program
    interpreter: str  # absolute path of the Python that has it
    arguments: tuple[str, ...]
    texts: tuple[tuple[str, str], ...] = ()  # further files in its scratch folder
    environ: tuple[tuple[str, str], ...] = ()
    statuses: tuple[int, ...] = (0,)  # exit codes that mean that it has done its work, perhaps but for some files


# Of a line that a program says, a file that it could not format, and why
Refusal = Callable[[str], tuple[str, str] | None]


class RefusedError(Exception):
    """A text is not formatted; the message says why, in the program's own words."""


def formatted(call: FormatterCall, files: Mapping[str, bytes], refusal: Refusal) -> dict[str, bytes | RefusedError]:
    """What the program makes of files, by their paths relative to the root; what goes wrong is about single files."""
    import tempfile  # these two, as subprocess, only where a release is chosen

    from pyfmt.tools.program.worker import task

    with tempfile.TemporaryDirectory(prefix="pyfmt-format-") as folder:
        places = {str(Path(os.path.realpath(folder), path)): path for path in files}
        for place, path in places.items():
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            Path(place).write_bytes(files[path])
        command = [call.interpreter, "-I", "-m", call.module, *call.arguments, "--", *places]
        request = {"command": command, "texts": dict(call.texts), "environ": dict(call.environ)}
        done = task.run({"folder": folder, "calls": [request]})["calls"][0]
        lines = (done["stdout"] + done["stderr"]).splitlines()
        refused = {place: why for place, why in filter(None, map(refusal, lines)) if place in places}
        if done["status"] not in call.statuses or (done["status"] and not refused):
            if len(files) > 1:  # one of them, but which?
                return {path: found for each in files for path, found in _one(call, each, files[each], refusal)}
            why = "\n".join([f"{call.module} ended with exit code {done['status']}", *lines[-_LAST:]])
            refused = dict.fromkeys(places, why)
        return {
            path: RefusedError(refused[place]) if place in refused else disk.read_bytes(place)
            for place, path in places.items()
        }


def _one(call: FormatterCall, path: str, data: bytes, refusal: Refusal) -> list[tuple[str, bytes | RefusedError]]:
    return [*formatted(call, {path: data}, refusal).items()]
