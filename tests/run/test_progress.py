"""Progress: live lines on a real (pseudo) terminal, plain lines with -v and in CI, else silence."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator

import pytest

from pyfmt.core.model import Environment, Failure, Outcome, Part, Project, PythonVersion, Unit
from pyfmt.run.progress import Progress


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


class Clock:
    """A clock that a test moves; each look at it takes `step` seconds."""

    def __init__(self, step: float = 0.0) -> None:
        self.now = 100.0
        self._step = step

    def __call__(self) -> float:
        self.now += self._step
        return self.now


@pytest.fixture(autouse=True)
def no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


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
    clock = Clock()
    progress = Progress(0, terminal.stream, clock)
    units = [unit(f"e{number}") for number in range(11)]
    progress.begin(len(units))
    for item in units:
        progress.started(item)
    progress.done(Outcome(units[0]))
    progress.say("a remark")
    clock.now += 1
    progress.done(Outcome(units[1]))
    progress.close()
    text = terminal.shown()
    assert "2/11 units done" in text and f"{units[2].label}  1 s" in text and "and 1 more" in text
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


def test_units_that_come_at_once_are_not_drawn_one_by_one(terminal: Terminal) -> None:
    clock = Clock()
    progress = Progress(0, terminal.stream, clock)
    units = [unit(f"e{number}") for number in range(300)]
    progress.begin(len(units), threaded=True)
    for item in units:
        clock.now += 0.001
        progress.done(Outcome(item, cached=True))
    progress.close()
    text = terminal.shown()
    assert 1 <= text.count("units done") <= 3 and "1/300 units done (1 cached)" in text


def test_the_time_left_is_told_where_it_is_known(terminal: Terminal) -> None:
    clock = Clock()
    progress = Progress(0, terminal.stream, clock)
    units = [unit(f"e{number}") for number in range(5)]
    progress.begin(5)
    progress.expected(units[1:], [40.0, 20.0, 30.0, 0.5], 2)
    for item in units[:3]:
        progress.started(item)
    clock.now += 10
    progress.done(Outcome(units[0], cached=True))
    # One needs 30 s more, the other 10 s, and then 30 s and half a second.
    clock.now += 300
    progress.done(Outcome(units[1]))
    clock.now += 1
    progress.started(unit("unexpected"))
    progress.done(Outcome(units[2]))
    progress.close()
    text = terminal.shown()
    assert "1/5 units done (1 cached), about 40 s left" in text
    assert "2/5 units done (1 cached), about 30 s left" in text  # what should be done by now is taken to be
    assert "3/5 units done (1 cached)\r\n" in text


def in_ci(verbosity: int, clock: Clock, stream: io.StringIO) -> None:
    """A run of five units, of which two come from the cache and one takes long."""
    progress = Progress(verbosity, stream, clock)
    units = [unit("##[a"), *(unit(name) for name in "bcde")]
    progress.begin(5)
    for item in units[3:]:
        progress.done(Outcome(item, cached=True))
    progress.expected(units[:3], [100.0, 300.0, 20.0], 3)
    for item in units[:3]:
        progress.started(item)
    clock.now += 6
    progress.done(Outcome(units[2]))
    clock.now += 4.9
    progress.done(Outcome(units[0]))
    clock.now += 5
    progress.done(Outcome(units[1]))
    progress.close()


def test_in_ci_a_line_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    stream = io.StringIO()
    in_ci(0, Clock(), stream)
    assert stream.getvalue().splitlines() == [
        "pyfmt: 3 of 5 units done (2 cached), running: mypy #?[a 6 s, mypy b 6 s, about 5 min left",
        "pyfmt: 5 of 5 units done (2 cached)",
    ]
    quiet = io.StringIO()
    in_ci(-1, Clock(), quiet)
    assert quiet.getvalue() == ""


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_elsewhere_there_is_no_such_line(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CI", value)
    stream = io.StringIO()
    in_ci(0, Clock(), stream)
    assert stream.getvalue() == ""


def test_a_terminal_of_a_ci_gets_plain_lines(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    progress = Progress(0, terminal.stream, Clock(step=10))
    progress.begin(1)
    progress.done(Outcome(unit("a")))
    progress.close()
    assert terminal.shown() == "pyfmt: 1 of 1 units done\r\n"


class Waited(io.StringIO):
    """Tells when something was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def flush(self) -> None:
        super().flush()
        self.written.set()


def test_a_long_unit_is_told_of_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    stream = Waited()
    progress = Progress(0, stream, Clock(step=10))
    units = [unit(name) for name in "abcde"]
    progress.begin(5, threaded=True)
    for item in units:
        progress.started(item)
    assert stream.written.wait(60)
    progress.close()
    first = stream.getvalue().splitlines()[0]
    assert first.startswith("pyfmt: 0 of 5 units done, running: mypy a ") and first.endswith(", and 2 more")


def test_no_thread_runs_before_a_unit_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    before = {*threading.enumerate()}  # others that still run may end at any moment
    progress = Progress(0, io.StringIO())
    progress.begin(2, threaded=True)
    progress.done(Outcome(unit("a"), cached=True))
    assert not {*threading.enumerate()} - before
    progress.started(unit("b"))
    assert len({*threading.enumerate()} - before) == 1
    progress.close()
    assert not {*threading.enumerate()} - before
    progress.begin(1)  # the formatters' processes are forked
    progress.started(unit("c"))
    assert not {*threading.enumerate()} - before
