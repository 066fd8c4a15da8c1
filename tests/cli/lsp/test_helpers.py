"""A call of the language server's helpers has an answer, whatever cannot go through their pipe."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from pathlib import Path

import pytest

from pyfmt.cli.lsp.helpers import Helper, Serving
from pyfmt.core.errors import PyfmtError


class _TwoWordsError(Exception):
    """What cannot be made again from its arguments."""

    def __init__(self, one: str, _other: str) -> None:
        super().__init__(one)


def _same(_serving: Serving, value: object) -> object:
    return value


def _broken(_serving: Serving) -> object:
    return _TwoWordsError("one", "other")


@pytest.mark.parametrize("bad", ["argument", "answer"])
def test_what_cannot_go_through_the_pipe_is_told(bad: str) -> None:
    helper = Helper()
    try:
        assert helper.call(None, _same, 1).result(60) == 1
        found = helper.call(None, _broken) if bad == "answer" else helper.call(None, _same, threading.Lock())
        with pytest.raises(PyfmtError, match="a bug of pyfmt"):
            found.result(60)
        with pytest.raises(PyfmtError, match="start it again"):
            helper.call(None, _same, 2).result(60)
    finally:
        helper.close()


def _process(_serving: Serving) -> int:
    return os.getpid()


def _sleep(serving: Serving) -> None:
    serving.tell("asleep")
    time.sleep(3600)


@pytest.mark.parametrize("number", [None, signal.SIGTERM, signal.SIGKILL])
def test_nothing_stays_of_a_helper_however_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals | None
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    helper = Helper()
    try:
        pid = helper.call(None, _process).result(60)
        assert [path.name.startswith("pyfmt-lsp-") for path in tmp_path.iterdir()] == [True]
        if number is not None:
            asleep = threading.Event()
            ended = helper.call(lambda _: asleep.set(), _sleep)
            assert asleep.wait(60)
            os.kill(pid, number)
            with pytest.raises(PyfmtError, match="has ended"):
                ended.result(60)
    finally:
        helper.close()
    assert not list(tmp_path.iterdir())
