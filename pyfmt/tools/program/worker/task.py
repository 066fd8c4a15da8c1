"""Runs programs for a request and gives back what they printed; see `tools/worker/server.py`.

The payload: `folder` (where they run), `about` (whatever helps to read the answer) and `calls`, one after the other:
    command: its words, an absolute program first; the words of `PYTHON` and `SCRATCH` in them stand for this worker's
             interpreter and for a folder of this request alone
    files: handed over in a file that a last word `@FILE` names, since there can be more than a command line takes; none
           where there are none
    texts: by their names the texts of files in that folder
    environ: variables beside the worker's own, "" for one that is to be absent
    folder: where this one runs instead
    stdin: a descriptor for its standard input, which is empty otherwise
    within: the folder in which this request's own one is made, the system's for temporary files otherwise
The answer: `folder` and `about` as given, and for each of `calls` its `status`, `stdout`, `stderr` and what it `asked`
of the disk (`observed.py`; None where it does not tell).
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

PYTHON, SCRATCH = "\0python", "\0scratch"  # no word of a command line can hold a zero byte
OBSERVED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "observed.py")


def preload(_tool_paths: list[str]) -> None:
    """Nothing to load."""


def run(payload: dict[str, Any]) -> dict[str, Any]:
    """Run the programs to their ends; raises OSError where one cannot be started."""
    calls = [_called(call, payload["folder"]) for call in payload["calls"]]
    return {"folder": payload["folder"], "about": payload.get("about"), "calls": calls}


def _called(call: dict[str, Any], folder: str) -> dict[str, Any]:
    import subprocess  # what only wants to name a word of a command starts nothing
    import tempfile

    with tempfile.TemporaryDirectory(prefix="pyfmt-program-", dir=call.get("within")) as scratch:

        def meant(text: str) -> str:
            return text.replace(PYTHON, sys.executable).replace(SCRATCH, os.path.realpath(scratch))

        def written(name: str, text: str) -> str:
            path = os.path.join(scratch, name)
            with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
                file.write(text)
            os.chmod(path, 0o700)
            return path

        for name, text in call.get("texts", {}).items():
            written(name, text)
        files = call.get("files", ())
        lines = "".join(f"{file}\n" for file in files)
        listed = [f"@{written('files.txt', lines)}"] if files else []
        environ = {**os.environ, "NO_COLOR": "1", **call.get("environ", {})}
        done = subprocess.run(
            [*map(meant, call["command"]), *listed],
            cwd=meant(call.get("folder", folder)),
            stdin=call.get("stdin", subprocess.DEVNULL),
            capture_output=True,
            check=False,
            env={key: meant(value) for key, value in environ.items() if value},
        )
        asked = _asked(os.path.join(scratch, "asked.json"))
    return {
        "asked": asked,
        "status": done.returncode,
        "stdout": done.stdout.decode("utf-8", "surrogateescape"),
        "stderr": done.stderr.decode("utf-8", "surrogateescape"),
    }


def _asked(path: str) -> dict[str, Any] | None:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            found: dict[str, Any] = json.load(file)
    except (OSError, ValueError):
        return None
    return found
