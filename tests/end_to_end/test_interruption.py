"""A reader that goes away, and streams that cannot be written. (Signals: tests/attack/test_signals.py.)"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.monorepo import Monorepo, command


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
