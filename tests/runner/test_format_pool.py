"""The pool: the same for any number of processes, and nothing that happens to one file stops the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pyfmt.core.errors import EditError
from pyfmt.core.model import Failure, Outcome, Project
from pyfmt.runner import edits, format_chunks
from pyfmt.runner.format_chunks import FormatOptions
from pyfmt.runner.formatting import format_units
from pyfmt.tools import formatting
from pyfmt.tools.formatting import FormatResult, FormatSettings
from tests.support.waiting import limits, until
from tests.tools.formatting.reference import (
    BUILT_IN,
    edited,
    python_files,
    read_tree,
    run,
    run_tree,
    unit_for,
    write_tree,
)

MESSY = "import sys\nimport os\nx = {  'a':1 }\n"
CLEAN = 'import os\nimport sys\n\nx = {"a": 1}\n'
MANY = {f"p{number % 3}/m{number:02}.py": MESSY if number % 2 else CLEAN for number in range(30)}
ROOT = Path(__file__).resolve().parents[2]
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="the pool's processes get the fault from the parent by fork")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few files to a chunk, so that small trees give many."""
    monkeypatch.setattr(format_chunks, "_CHUNK_FILES", 3)


def _projects(root: Path) -> list[Project]:
    names = sorted({name.split("/")[0] for name in MANY})
    return [Project(name, name, tuple(f"{name}/{file}" for file in python_files(root / name))) for name in names]


def _children() -> set[int]:
    """The processes that this one has started and that still run."""
    with subprocess.Popen(["ps", "-o", "pid=", "--ppid", str(os.getpid())], stdout=subprocess.PIPE, text=True) as ps:
        assert ps.stdout is not None
        return {int(pid) for pid in ps.stdout.read().split()} - {ps.pid}


def _plain(outcomes: list[Outcome]) -> list[tuple[object, ...]]:
    return [(o.unit, o.findings, o.edits, o.failures) for o in outcomes]


def _break(monkeypatch: pytest.MonkeyPatch, name: str, fault: str) -> None:
    """Make the formatting of one file kill its process, hang, or end it: no real text is known that does."""
    real = formatting.format_bytes

    def format_bytes(data: bytes, path: str | None, settings: FormatSettings) -> FormatResult:
        if path == name and fault == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if path == name and fault == "exit":
            os._exit(7)
        if path == name and fault == "hangs":
            time.sleep(1000)
        return real(data, path, settings)

    monkeypatch.setattr(formatting, "format_bytes", format_bytes)


def test_the_outcome_is_the_same_for_any_number_of_processes(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {**MANY, "p1/broken.py": "import sys\nimport os\nx = = 1\n", "p2/bad.py": b"\xff"}
    results = []
    for jobs in (1, 2, 5):
        root = tmp_path / str(jobs)
        write_tree(root, files)
        checked = run(root, *_projects(root), jobs=jobs, write=False, diff=True)
        assert read_tree(root, files) == {n: c if isinstance(c, bytes) else c.encode() for n, c in files.items()}
        written = run(root, *_projects(root), jobs=jobs, diff=True)
        results.append((_plain(checked), _plain(written), read_tree(root, files)))
    assert results[0] == results[1] == results[2]
    assert sum(len(outcome[2]) for outcome in results[0][1]) == 15  # type: ignore[arg-type, misc]


def test_each_unit_is_told_of_once_and_the_list_is_in_the_order_of_the_units(tmp_path: Path) -> None:
    write_tree(tmp_path, MANY)
    units = [unit_for(project) for project in (*_projects(tmp_path), Project("empty", "empty"))]
    told: list[Outcome] = []
    outcomes = format_units(units, FormatOptions(tmp_path, BUILT_IN, jobs=2), told.append)
    assert [outcome.unit for outcome in outcomes] == units
    assert sorted(told, key=lambda outcome: units.index(outcome.unit)) == outcomes


def test_the_diff_is_that_of_the_file(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a.py": MESSY})
    (edit,) = run_tree(tmp_path, write=False, diff=True).edits
    assert edit.diff == edits.unified_diff(MESSY.encode(), CLEAN.encode(), "a.py") and not edit.written


@pytest.mark.parametrize("files", [3, 30])
def test_a_file_that_vanished_or_cannot_be_read_is_a_failure_of_its_own(tmp_path: Path, files: int) -> None:
    names = {f"m{number:02}.py": MESSY for number in range(files)}
    write_tree(tmp_path, names)
    (tmp_path / "folder.py").mkdir()
    outcome = run(tmp_path, Project("p", ".", ("folder.py", "gone.py", *sorted(names))))[0]
    assert [failure.reason for failure in outcome.failures] == [
        "folder.py: cannot be read: Is a directory",
        "gone.py: cannot be read: No such file or directory",
    ]
    assert {failure.tool for failure in outcome.failures} == {"format"} and outcome.failures[0].projects == ("p",)
    assert set(read_tree(tmp_path, names).values()) == {CLEAN.encode()} and len(outcome.edits) == files


def test_a_file_that_changes_underfoot_is_left_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(tmp_path, MANY)
    real = edits.write

    def write(path: Path, before: bytes, after: bytes, inside: Path | None = None) -> None:
        if path.name == "m07.py":
            path.write_bytes(b"# somebody is typing\n")
        real(path, before, after, inside)

    monkeypatch.setattr(edits, "write", write)
    outcome = run_tree(tmp_path)
    (failure,) = outcome.failures
    assert failure.reason == "p1/m07.py: the file changed while it was formatted; it is left as it is"
    assert (tmp_path / "p1/m07.py").read_bytes() == b"# somebody is typing\n"
    assert len(outcome.edits) == 14 and "p1/m07.py" not in edited(outcome.edits)


def test_two_names_of_one_file_are_no_conflict(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"m{number}.py": MESSY for number in range(6)})
    (tmp_path / "link.py").symlink_to("m3.py")
    outcome = run_tree(tmp_path)
    assert not outcome.failures and (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "m3.py").read_text() == CLEAN


@forks
@pytest.mark.parametrize(
    ("fault", "said"), [("killed", "signal SIGKILL"), ("exit", "exit code 7"), ("hangs", "more than {limit:g} s")]
)
def test_a_process_that_dies_or_hangs_costs_its_file_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, said: str
) -> None:
    _break(monkeypatch, "p1/m07.py", fault)
    before = _children()
    longer = limits(1.0 if fault == "hangs" else 60.0)  # which are for the other files, too
    failures: list[Failure] = []
    while len(failures) != 1 and (limit := next(longer)):
        write_tree(tmp_path, MANY)
        outcomes = run(tmp_path, *_projects(tmp_path), timeout=limit)
        failures = [failure for outcome in outcomes for failure in outcome.failures]
    assert [(failure.projects, failure.reason.split(":")[0]) for failure in failures] == [(("p1",), "p1/m07.py")]
    assert said.format(limit=limit) in failures[0].reason
    written = {edit.path for outcome in outcomes for edit in outcome.edits if edit.written}
    assert written == {name for name, text in MANY.items() if text == MESSY} - {"p1/m07.py"}
    assert (tmp_path / "p1/m07.py").read_text() == MESSY
    assert _children() <= before


@forks
def test_a_failed_write_of_one_file_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(tmp_path, MANY)
    real = edits.write

    def write(path: Path, before: bytes, after: bytes, inside: Path | None = None) -> None:
        if path.name == "m05.py":
            raise EditError("cannot be written: No space left on device", str(path))
        real(path, before, after, inside)

    monkeypatch.setattr(edits, "write", write)
    outcome = run_tree(tmp_path)
    assert [failure.reason for failure in outcome.failures] == ["p2/m05.py: cannot be written: No space left on device"]
    assert len(outcome.edits) == 14


def test_on_settled_names_the_bytes_that_need_no_change(tmp_path: Path) -> None:
    import hashlib

    write_tree(tmp_path, MANY | {"p0/broken.py": "x = = 1\n"})
    digest = hashlib.sha256(CLEAN.encode()).hexdigest()
    seen: dict[str, str] = {}
    run_tree(tmp_path, write=False, on_settled=seen.__setitem__)
    assert seen == {name: digest for name, text in MANY.items() if text == CLEAN}
    seen.clear()
    run_tree(tmp_path, on_settled=seen.__setitem__)
    assert seen == dict.fromkeys(MANY, digest)


def test_without_fork_the_result_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYFMT_NO_FORK", "1")
    write_tree(tmp_path, MANY)
    assert len(run_tree(tmp_path).edits) == 15
    assert set(read_tree(tmp_path, MANY).values()) == {CLEAN.encode()}


def end_process(_minor: int) -> str | None:
    """Asked for a newer Python, it ends the process that asks: what a spawned one gets, it gets as a name."""
    os._exit(7)


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="the text is no syntax of a newer Python")
def test_without_fork_a_process_that_dies_costs_its_file_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYFMT_NO_FORK", "1")
    deadly = "try:\n    x = 1\nexcept KeyError, OSError:\n    x = {  'a':1 }\n"
    write_tree(tmp_path, MANY | {"p1/m07.py": deadly})
    outcome = run_tree(tmp_path, newer=end_process)
    assert [failure.reason for failure in outcome.failures] == [
        "p1/m07.py: the process that formatted it died, or took more than 600 s"
    ]
    assert len(outcome.edits) == 14 and (tmp_path / "p1/m07.py").read_text() == deadly


SLOW = """
import sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from pyfmt.runner import format_chunks
from pyfmt.tools import formatting
from tests.tools.formatting.reference import run_tree
format_chunks._CHUNK_FILES = 3  # so that one is soon done, and all of them only much later
real = formatting.format_bytes
def slowly(data, path, settings):
    time.sleep(0.2)
    return real(data, path, settings)
formatting.format_bytes = slowly
print("started", flush=True)
try:
    run_tree(Path({tree!r}), on_settled=lambda path, digest: print(path, flush=True))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def _alive(session: int) -> list[str]:
    """The processes of a session; without those that have ended and were not yet fetched by the machine's init (Z)."""
    listed = ["ps", "-o", "pid=,stat=", "--sid", str(session)]
    lines = subprocess.run(listed, check=False, capture_output=True, text=True).stdout.splitlines()
    return [line for line in lines if "Z" not in line]


@forks
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupt_leaves_whole_files_and_no_process(tmp_path: Path, sent: signal.Signals) -> None:
    names = {f"m{number:03}.py": MESSY for number in range(200)}
    tree = tmp_path / "tree"
    write_tree(tree, names)
    command = [sys.executable, "-P", "-c", SLOW.format(root=str(ROOT), tree=str(tree))]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        lines = [process.stdout.readline() for _ in range(2)]  # the second one: the pool is at work
        if sent is signal.SIGINT:
            os.killpg(process.pid, sent)  # as a terminal does it
        else:
            process.send_signal(sent)
        rest, errors = process.stdout.read(), process.stderr.read()  # ends when the last process of the group has ended
    assert lines[0] == "started\n" and lines[1].endswith(".py\n")
    if sent is signal.SIGINT:
        assert rest.endswith("interrupted\n")
    assert "Traceback" not in errors
    contents = read_tree(tree, names)
    assert set(contents.values()) <= {MESSY.encode(), CLEAN.encode()} and MESSY.encode() in contents.values()
    left = {path.name for path in tree.iterdir()} - set(names)
    if sent is signal.SIGINT:
        assert not left
    else:  # a process that is ended outright in the middle of a write cannot remove its one temporary file
        assert len(left) <= 1 and all(name.startswith(".pyfmt-") and name.endswith(".tmp") for name in left)
    until(lambda: not _alive(process.pid))  # a process closes its files before it is seen to have ended
