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
from pyfmt.runner.apart import Lost, results


def test_answers_come_in_order_and_from_another_process() -> None:
    found = list(results(lambda item: (item * 2, os.getpid()), [1, 2, 3], 60))
    assert [(item, answer[0]) for item, answer in found if not isinstance(answer, Lost)] == [(1, 2), (2, 4), (3, 6)]
    assert os.getpid() not in {answer[1] for _, answer in found if not isinstance(answer, Lost)}


def test_large_answers_are_whole() -> None:
    (answer,) = results(lambda item: b"x" * item, [5_000_000], 60)
    assert answer == (5_000_000, b"x" * 5_000_000)


def test_what_hangs_is_ended_and_the_others_go_on() -> None:
    found = dict(results(lambda item: time.sleep(600 if item == 2 else 0), [1, 2, 3], 1))
    assert str(found[2]) == "took more than 1 s and was ended"
    assert (found[1], found[3]) == (None, None)


def test_what_kills_its_process_is_tried_once_more_and_named_by_the_signal(tmp_path: Path) -> None:
    def work(item: int) -> int:
        with (tmp_path / str(item)).open("a", encoding="utf-8") as file:
            file.write("x")
        if item == 2:
            faulthandler.disable()  # pytest's
            os.kill(os.getpid(), signal.SIGSEGV)
        return item

    found = dict(results(work, [1, 2, 3], 60))
    assert str(found[2]) == "ended its process (signal SIGSEGV)"
    assert (found[1], found[3]) == (1, 3)
    assert [(tmp_path / name).read_text("utf-8") for name in "123"] == ["x", "xx", "x"]


def test_what_was_killed_by_bad_luck_is_done_after_all(tmp_path: Path) -> None:
    def work(item: int) -> int:
        if item == 2 and not (tmp_path / "mark").exists():
            (tmp_path / "mark").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return item

    assert list(results(work, [1, 2, 3], 60)) == [(1, 1), (2, 2), (3, 3)]


def test_what_is_raised_there_is_raised_here() -> None:
    def work(item: int) -> int:
        raise ConfigError("is wrong", "a.toml", "mend it")

    with pytest.raises(ConfigError) as caught:
        list(results(work, [1], 60))
    assert (caught.value.where, caught.value.cure) == ("a.toml", "mend it")


def test_without_fork_it_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYFMT_NO_FORK", "1")
    assert list(results(lambda item: os.getpid(), [1], 60)) == [(1, os.getpid())]


PARENT = """
import os, sys, time
from pyfmt.runner.apart import results

def work(item):
    print(os.getpid(), flush=True)
    time.sleep(600)

next(results(work, [1], 600))
"""


def test_it_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        assert parent.stdout.read() == "", "the pipe ends when the last process that holds it has ended"
    with pytest.raises(ProcessLookupError):
        for _ in range(1000):  # until somebody has collected it
            os.kill(child, 0)
            time.sleep(0.01)
