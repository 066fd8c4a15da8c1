"""Progress: live lines on a real (pseudo) terminal, plain lines with -v, else silence."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator

import pytest

from pyfmt.model import Environment, Failure, Outcome, Part, Project, PythonVersion, Unit
from pyfmt.progress import Progress


def unit(name: str) -> Unit:
    environment = Environment(name, f"/{name}", PythonVersion(3, 11), "/python", (), ())
    return Unit("mypy", environment, (Part(Project(name, name), (f"{name}/x.py",)),))


class Terminal:
    """A pseudo terminal, read all the while so that nobody who writes to it has to wait."""

    def __init__(self) -> None:
        self._master, slave = os.openpty()
        self.stream = os.fdopen(slave, "w", encoding="utf-8")
        self._parts: list[bytes] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._master, 65536)
            except OSError:  # Linux says so when the other end is closed
                return
            if not part:
                return
            self._parts.append(part)

    def shown(self) -> str:
        """Closes it; all that was written to it."""
        self.stream.close()
        self._reader.join()
        return b"".join(self._parts).decode()

    def remove(self) -> None:
        """Give it back."""
        self.shown()
        os.close(self._master)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("COLUMNS", raising=False)
    made = Terminal()
    yield made
    made.remove()


def screen(text: str) -> list[str]:
    """The lines that are left on a terminal that knows "up n lines" and "erase below"."""
    lines: list[str] = [""]
    for index, part in enumerate(text.replace("\r\n", "\n").split("\x1b[")):
        if index:
            if part.startswith("J"):
                part = part[1:]
            else:
                count, _, part = part.partition("F")
                del lines[len(lines) - 1 - int(count) :]
                lines.append("")
        for number, piece in enumerate(part.split("\n")):
            if number:
                lines.append("")
            lines[-1] += piece
    return lines


def test_without_a_terminal_there_is_silence() -> None:
    stream = io.StringIO()
    for verbosity in (0, -1):
        progress = Progress(verbosity, stream)
        progress.begin(1, threaded=True)
        one = unit("a")
        progress.started(one)
        progress.done(Outcome(one))
        progress.say("something")
        progress.close()
    assert stream.getvalue() == ""


def test_verbose_is_a_line_for_each_unit() -> None:
    stream = io.StringIO()
    progress = Progress(1, stream)
    progress.begin(2)
    units = (unit("a"), unit("b\x1b[2J\n"))
    for item, failures in ((units[0], ()), (units[1], (Failure("mypy", ("b",), "b", "crashed"),))):
        progress.started(item)
        progress.done(Outcome(item, failures=failures, seconds=1.25))
    progress.close()
    assert stream.getvalue().splitlines() == [
        f"[1/2] {units[0].label}: 1 files, 0 findings, 1.2 s",
        f"[2/2] {units[1].label.replace(chr(27), '?').replace(chr(10), '?')}: 1 files, failed, 1.2 s",
    ]


def test_a_terminal_shows_what_runs_and_is_left_clean(terminal: Terminal) -> None:
    progress = Progress(0, terminal.stream)
    units = [unit(f"e{number}") for number in range(11)]
    progress.begin(len(units))
    for item in units:
        progress.started(item)
    progress.done(Outcome(units[0]))
    progress.say("a remark")
    progress.done(Outcome(units[1]))
    progress.close()
    text = terminal.shown()
    assert "2/11 units done" in text and f"{units[2].label}  0 s" in text and "and 1 more" in text
    assert screen(text) == ["a remark", ""]


def test_a_long_line_is_cut_so_that_it_stays_one(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    progress = Progress(0, terminal.stream)
    one, other = unit("long" * 30), unit("b")
    progress.begin(2)
    progress.started(one)
    progress.done(Outcome(other))
    progress.close()
    text = terminal.shown()
    assert "mypy long" in text and max(map(len, text.split("\r\n"))) < 60
    assert screen(text) == [""]


def test_quiet_and_dumb_terminals_are_not_drawn_on(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = Progress(-1, terminal.stream)
    quiet.begin(1)
    quiet.done(Outcome(unit("a")))
    monkeypatch.setenv("TERM", "dumb")
    dumb = Progress(1, terminal.stream)
    dumb.begin(1)
    dumb.done(Outcome(unit("a")))
    dumb.close()
    assert terminal.shown() == f"[1/1] {unit('a').label}: 1 files, 0 findings, 0.0 s\r\n"


def test_events_may_come_from_many_threads(terminal: Terminal) -> None:
    progress = Progress(0, terminal.stream)
    units = [unit(f"e{number}") for number in range(40)]
    progress.begin(len(units), threaded=True)

    def work(part: list[Unit]) -> None:
        for item in part:
            progress.started(item)
            progress.say(f"runs {item.label}")
            progress.done(Outcome(item))

    threads = [threading.Thread(target=work, args=(units[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    progress.close()
    left = screen(terminal.shown())
    assert sorted(left) == sorted(["", *(f"runs {item.label}" for item in units)])
