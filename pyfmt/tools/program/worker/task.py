"""Runs a program for a request and gives back what it printed; see `tools/worker/server.py`.

The payload: `command` (its absolute program first), `files` (absolute, handed over in a file that `@` names, since
there can be more than a command line takes), `folder` (where it runs). The answer: `folder` as given, `status`,
`stdout` and `stderr`.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from typing import Any


def preload(_tool_paths: list[str]) -> None:
    """Nothing to load."""


def run(payload: dict[str, Any]) -> dict[str, Any]:
    """Run the program to its end; raises OSError where it cannot be started."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", errors="surrogateescape", suffix=".txt") as listed:
        listed.write("".join(f"{file}\n" for file in payload["files"]))
        listed.flush()
        done = subprocess.run(
            [*payload["command"], f"@{listed.name}"],
            cwd=payload["folder"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env={**os.environ, "NO_COLOR": "1"},
        )
    return {
        "folder": payload["folder"],
        "status": done.returncode,
        "stdout": done.stdout.decode("utf-8", "surrogateescape"),
        "stderr": done.stderr.decode("utf-8", "surrogateescape"),
    }
