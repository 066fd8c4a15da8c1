"""Ctrl-C, and a reader that goes away."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.monorepo import Monorepo, command


def children(pid: int) -> list[int]:
    """The processes that `pid` has started."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], check=False, capture_output=True, text=True
    ).stdout
    return [int(word) for word in listed.split()]


def alive(pid: int) -> bool:
    """Whether the process is there and not merely waiting to be collected."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.strip().startswith("Z")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_130_and_leaves_no_process(conflicting: Monorepo, number: signal.Signals) -> None:
    with subprocess.Popen(
        [*command(), "check", "--no-cache"],
        cwd=conflicting.root,
        env=conflicting.environment_variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        started: list[int] = []
        while not started and process.poll() is None:
            started = children(process.pid)
            time.sleep(0.01)
        assert started, "the run ended before it started a worker"
        os.kill(process.pid, number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert not [pid for pid in started if alive(pid)]


def test_a_reader_that_goes_away_is_no_traceback(conflicting: Monorepo) -> None:
    with subprocess.Popen(
        [*command(), "check"],
        cwd=conflicting.root,
        env=conflicting.environment_variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read().decode()
    assert process.returncode != 0
    assert "Traceback" not in errors


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_report_that_cannot_be_written_is_told_and_ends_2(conflicting: Monorepo) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*command(), "check"],
            cwd=conflicting.root,
            env=conflicting.environment_variables(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "standard output: cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("closed", "code"), [("2>&-", 1), (">&-", 2), ("<&-", 1)])
def test_streams_that_the_caller_has_closed(conflicting: Monorepo, closed: str, code: int) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *command(), "check"],
        cwd=conflicting.root,
        env=conflicting.environment_variables(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert ("standard output: cannot be written" in done.stderr) == (closed == ">&-")
