"""What is done in a process of its own: it can hang, die and raise, and nothing of it stays behind."""

from __future__ import annotations

import faulthandler
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pyfmt.core.errors import ConfigError
from pyfmt.core.model import Failure, Part, Project, Unit
from pyfmt.runner.apart import Ended, call
from pyfmt.runner.format_chunks import FormatOptions
from pyfmt.runner.formatting import format_units
from pyfmt.runner.processes import is_alive
from pyfmt.tools import formatting
from pyfmt.tools.formatting import FormatResult, FormatSettings
from tests.support.waiting import until
from tests.tools.formatting.reference import BLACK

UGLY = '"""Ugly."""\nprint( 1 )\n'


def test_the_answer_comes_whole_from_another_process() -> None:
    ended = call(lambda: (os.getpid(), b"x" * 5_000_000), 60)
    assert ended.value is not None
    assert ended.value[0] != os.getpid() and len(ended.value[1]) == 5_000_000


def test_what_hangs_is_ended() -> None:
    assert call(lambda: time.sleep(600), 0.2) == Ended(None, timed_out=True)


def test_what_dies_is_told_by_its_status() -> None:
    def die() -> None:
        faulthandler.disable()  # pytest's
        os.kill(os.getpid(), signal.SIGSEGV)

    ended = call(die, 60)
    assert os.waitstatus_to_exitcode(ended.status) == -signal.SIGSEGV and not ended.timed_out


def test_what_is_raised_there_is_raised_here() -> None:
    def fail() -> int:
        raise ConfigError("is wrong", "a.toml", "mend it")

    with pytest.raises(ConfigError) as caught:
        call(fail, 60)
    assert (caught.value.where, caught.value.cure) == ("a.toml", "mend it")


def test_without_fork_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYFMT_NO_FORK", "1")
    with pytest.raises(OSError):
        call(os.getpid, 60)


PARENT = """
import os, time
from pyfmt.runner.apart import call

def work():
    print(os.getpid(), flush=True)
    time.sleep(600)

call(work, 600)
"""


def test_it_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        assert parent.stdout.read() == "", "the pipe ends when the last process that holds it has ended"
    until(lambda: not is_alive(child))


def _format(root: Path, *names: str) -> tuple[list[str], tuple[Failure, ...]]:
    for name in names:
        (root / name).write_text(UGLY, encoding="utf-8")
    unit = Unit("black", None, (Part(Project("a", ".", names), names),))
    (outcome,) = format_units([unit], FormatOptions(root, (BLACK,), write=False), lambda _: None)
    return [edit.path for edit in outcome.edits], outcome.failures


def _kill_on(monkeypatch: pytest.MonkeyPatch, name: str, marks: Path, times: int) -> None:
    """From now on formatting the file `name` kills the process that does it, so many times."""
    plain = formatting.format_bytes

    def deadly(data: bytes, path: str | None, settings: FormatSettings) -> FormatResult:
        if path == name and len(list(marks.iterdir())) < times:
            (marks / str(time.monotonic_ns())).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(data, path, settings)

    marks.mkdir()
    monkeypatch.setattr(formatting, "format_bytes", deadly)


@pytest.mark.parametrize("names", [["a.py"], ["a.py", "b.py", "c.py"]], ids=["one", "three"])
def test_a_file_that_kills_its_process_is_the_only_one_without_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    _kill_on(monkeypatch, "a.py", tmp_path / "marks", 99)
    edits, failures = _format(tmp_path, *names)
    assert edits == names[1:]
    assert [failure.reason for failure in failures] == ["a.py: the process that formatted it died (signal SIGKILL)"]
    together = int(len(names) > 1)
    assert len(list((tmp_path / "marks").iterdir())) == together + 2, "alone, and alone once more"


def test_a_file_whose_process_was_killed_by_bad_luck_is_formatted_after_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _kill_on(monkeypatch, "a.py", tmp_path / "marks", 1)
    assert _format(tmp_path, "a.py") == (["a.py"], ())
