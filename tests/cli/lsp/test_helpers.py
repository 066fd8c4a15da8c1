"""A call of the language server's helpers has an answer, whatever cannot go through their pipe."""

from __future__ import annotations

import threading

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
