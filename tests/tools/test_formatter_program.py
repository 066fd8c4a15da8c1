"""A formatter that runs as a program: its copies stay in one folder, and nothing outlives its time limit."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

import pytest

from pyfmt.runner import apart
from pyfmt.tools.program.formatter import FormatterCall, formatted
from tests.runner.test_worker_server import alive, eventually, pids_in

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the program is a script of the shell")

_NOTHING = re.compile("(?!)")  # it refuses no file in any words


def _program(folder: Path, text: str) -> FormatterCall:
    script = folder / "python"
    script.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    script.chmod(0o755)
    return FormatterCall("black", str(script), (), _NOTHING)


@pytest.mark.parametrize("path", ["../../victim.py", "a/../../victim.py", "{outside}/victim.py"])
def test_a_text_from_outside_of_the_root_has_its_copy_inside(path: str, tmp_path: Path) -> None:
    victim = tmp_path / "victim.py"
    victim.write_text("the user's\n", "utf-8")
    call = _program(
        tmp_path,
        f'for last; do :; done; echo "$last" > {tmp_path}/place; echo "x = 1" > "$last"',
    )
    name = path.format(outside=tmp_path)
    assert formatted(call, {name: b"x=1\n"}) == {name: b"x = 1\n"}
    assert Path((tmp_path / "place").read_text("utf-8").strip()).parent.name == "copies"
    assert victim.read_text("utf-8") == "the user's\n"


@pytest.mark.skipif(not apart.can_fork(), reason="there is no process apart")
def test_a_program_that_hangs_ends_with_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    call = _program(tmp_path, f"sleep 300 & echo $$ $! > {tmp_path}/pids; wait")
    ended = apart.call(lambda: formatted(call, {"x.py": b""}), 2.0)
    assert ended.timed_out
    pids = pids_in(tmp_path / "pids")
    assert len(pids) == 2 and eventually(lambda: not any(map(alive, pids)) and not os.listdir(place))
