"""Ctrl-C, SIGTERM and SIGHUP: a flag that long work looks at where an interrupt does no harm.

A signal handler that raised would do so anywhere: in a library's lock, in a callback whose exceptions nobody gets,
while a process is forked. So the handler only notes the signal, and `check` raises KeyboardInterrupt. Code that does
not look (reading a terminal, waiting for an installer) is interrupted a moment later, and again for as long as the
interrupt got lost.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_LATER, _AGAIN = 0.5, 5.0  # seconds: until code that does not look is interrupted, and until what was lost comes again


class _State:
    """What this process knows of its signals."""

    came = False
    holds = 0


_state = _State()


def install() -> None:
    """Let signals wait for `check`, from now on; to be called in the main thread. One that is ignored (nohup) stays
    so."""
    _state.came = False
    for number in _numbers():
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _note)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, _raise)
    sys.unraisablehook = _forget_lost


def uninstall() -> None:
    """A run is over: what comes now ends the process at once, as it does programs that know nothing of signals."""
    _disarm()
    for number in _numbers():
        if signal.getsignal(number) is _note:
            signal.signal(number, signal.SIG_DFL)


def leave_to_parent() -> None:
    """In a forked process: the parent, which gets the same signals, ends it."""
    _state.came = False
    for number in _numbers():
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.SIG_IGN)


def check() -> None:
    """Raises KeyboardInterrupt where a signal has come, outside of `held`."""
    if _state.came and not _state.holds:
        _disarm()  # the way out is not interrupted
        raise KeyboardInterrupt


def taken() -> None:
    """An interrupt has arrived where something has to be tidied up: the way out is not interrupted, but by another
    signal."""
    _disarm()


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Signals wait until the end of the context, and are raised then."""
    _state.holds += 1
    try:
        yield
    finally:
        _state.holds -= 1
    check()


def _numbers() -> list[signal.Signals]:
    return [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]


def _note(_number: int, frame: FrameType | None) -> None:
    """A second signal does not wait for anything but `held`."""
    again, _state.came = _state.came, True
    if again or not hasattr(signal, "setitimer"):
        _raise(_number, frame)
    else:
        signal.setitimer(signal.ITIMER_REAL, _LATER, _AGAIN)


def _raise(_number: int, _frame: FrameType | None) -> None:
    if _state.came and not _state.holds:
        raise KeyboardInterrupt


def _disarm() -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)


def _forget_lost(lost: sys.UnraisableHookArgs) -> None:
    """An interrupt that a callback got comes again: it is no news."""
    if not (_state.came and isinstance(lost.exc_value, KeyboardInterrupt)):
        sys.__unraisablehook__(lost)
