"""Real worker servers with tiny tasks: answers, crashes, time limits, and nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyfmt.runner import processes, server
from pyfmt.runner.answers import End
from pyfmt.runner.pool import WorkerPool
from pyfmt.runner.processes import clean_environ, is_stopped
from pyfmt.runner.server import ForkServer, ProcessPerRequest, Worker, WorkerAnswer, WorkerSpec
from pyfmt.runner.warm import Connection
from tests.support.pythons import require_python
from tests.support.waiting import PATIENCE, limits

TASK = """
import os, subprocess, sys, tempfile, time

print("noise while the module is loaded")
PRELOADED = []

def preload(tool_paths):
    print("noise in preload")
    os.write(1, b"noise on the descriptor\\n123\\n{\\"event\\": \\"ready\\"}\\n")
    if "fail" in tool_paths:
        raise ImportError("no such tool")
    if "hang" in tool_paths:
        time.sleep(3600)
    if "no processes" in tool_paths:
        import resource
        if os.geteuid() == 0:
            os.setuid(65534)
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    PRELOADED.extend(tool_paths)

def run(payload):
    print("noise in run", flush=True)
    what = payload["do"]
    if what == "echo":
        return {"echo": payload["value"], "preloaded": PRELOADED}
    if what == "empty":
        return {}
    if what == "list":
        return [1]
    if what == "pid":
        return {"pid": os.getpid(), "cwd": os.getcwd(), "argv": sys.argv[1:]}
    if what == "environ":
        modules = sorted(sys.modules)
        return {"environ": dict(os.environ), "path": sys.path, "modules": modules, "stdin": sys.stdin.read()}
    if what == "raise":
        raise KeyError("a bug")
    if what == "exit":
        sys.exit(0)
    if what == "hard exit":
        os._exit(3)
    if what == "vanish":
        os._exit(0)
    if what == "signal":
        os.kill(os.getpid(), payload["number"])
    if what == "kill server":
        while not os.path.exists(payload["now"]):
            time.sleep(0.01)
        os.kill(os.getppid(), 9)
        what = "sleep"
    if what == "eat":
        sys.modules["__main__"].limits.note("/eaten.py")
        eaten = []
        while True:
            eaten.append([0] * 100_000)
    if what == "sleep":
        sys.modules["__main__"].limits.note("/slept.py")
        started = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(3600)"])
        with open(payload["pids"] + ".part", "w", encoding="ascii") as file:
            file.write(f"{os.getpid()} {started.pid}")
        os.replace(payload["pids"] + ".part", payload["pids"])
        tempfile.mkdtemp(prefix="left-by-task-")
        print("asleep", flush=True)
        time.sleep(3600)
    raise AssertionError(what)
"""

# What a task may have besides: a look at each request before the fork, and at each answer.
_HOOKS = """

SEEN = []

def prepare(payload):
    print("noise in prepare")
    if payload.get("broken"):
        raise KeyError("a bug in prepare")
    SEEN.append("prepared")

def learn(answer):
    SEEN.append(answer["echo"])
    if answer["echo"] == "bad":
        raise KeyError("a bug in learn")
"""

Start = Callable[..., Worker]


def _task_file(folder: Path) -> Path:
    return folder.parent / "task" / "worker" / "task.py"


@pytest.fixture
def workers_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the real server.py, and beside it a tool `task` whose worker is the tests' own."""
    folder = tmp_path / "tools" / "worker"
    folder.mkdir(parents=True)
    for name in ("server.py", "limits.py"):
        shutil.copy(Path(server.__file__).parent.parent / "tools" / "worker" / name, folder)
    _task_file(folder).parent.mkdir(parents=True)
    _task_file(folder).write_text(TASK)
    monkeypatch.setattr(server, "_SERVER", folder / "server.py")
    return folder


@pytest.fixture(params=[ForkServer, ProcessPerRequest], ids=["fork", "process"])
def start(request: pytest.FixtureRequest, workers_folder: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts a worker of either kind; both must behave the same."""
    del workers_folder
    opened: list[Worker] = []

    def open_one(*tool_paths: str, interpreter: str = sys.executable) -> Worker:
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        opened.append(request.param(WorkerSpec(interpreter, "task", tool_paths), scratch))
        return opened[-1]

    yield open_one
    for worker in opened:
        worker.close()


@pytest.fixture
def fork_server(workers_folder: Path, tmp_path: Path) -> Iterator[ForkServer]:
    del workers_folder
    worker = ForkServer(WorkerSpec(sys.executable, "task", ()), tmp_path)
    yield worker
    worker.close()


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True, text=True)
        return bool(done.stdout.strip()) and not done.stdout.startswith("Z")


def eventually(true: Callable[[], bool]) -> bool:
    """Waits for something that another process does; far longer than it takes."""
    end = time.monotonic() + PATIENCE
    while not (found := true()) and time.monotonic() < end:
        time.sleep(0.01)
    return found


def pids_in(file: Path) -> list[int]:
    assert eventually(file.exists)
    return [int(pid) for pid in file.read_text().split()]


def ask_in_thread(
    worker: Worker, payload: dict[str, object], timeout: float = 600
) -> tuple[threading.Thread, list[WorkerAnswer]]:
    answers: list[WorkerAnswer] = []
    thread = threading.Thread(target=lambda: answers.append(worker.ask(payload, timeout)), daemon=True)
    thread.start()
    return thread, answers


def test_answers_what_the_task_returns(start: Start) -> None:
    worker = start("/tools", "/more")
    for value in ("text", "é 漢 \udcff", None, {"nested": [1, 2.5, True]}, "x" * 200_000):
        answer = worker.ask({"do": "echo", "value": value}, 60)
        assert (answer.answer, answer.reason) == ({"echo": value, "preloaded": ["/tools", "/more"]}, "")
    assert worker.ask({"do": "empty"}, 60).answer == {}


def test_noise_goes_to_the_log_and_nowhere_else(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    answer = start().ask({"do": "echo", "value": 1}, 60)
    assert answer.answer is not None
    assert answer.log.splitlines().count("noise in run") == 1
    assert capfd.readouterr() == ("", "")


def test_many_requests_at_once_get_their_own_answers(start: Start) -> None:
    worker = start()
    running = [(number, *ask_in_thread(worker, {"do": "echo", "value": number})) for number in range(12)]
    for number, thread, answers in running:
        thread.join(60)
        assert [answer.answer for answer in answers] == [{"echo": number, "preloaded": []}]


def test_each_request_has_a_process_of_its_own(start: Start) -> None:
    worker = start()
    seen = [worker.ask({"do": "pid"}, 60).answer for _ in range(2)]
    assert seen[0] is not None and seen[1] is not None
    assert len({seen[0]["pid"], seen[1]["pid"], os.getpid()}) == 3
    assert seen[0]["cwd"] == os.getcwd()


def test_the_task_sees_a_clean_process(
    start: Start, workers_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("PYTHONPATH", "PYTHONSTARTUP", "MYPYPATH", "MYPY_CACHE_DIR", "PYLINTRC", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PYTHONHASHSEED", "17")
    monkeypatch.setenv("KEPT", "yes")
    seen = start().ask({"do": "environ"}, 60).answer
    assert seen is not None
    environ = seen["environ"]
    assert {name for name in environ if name.startswith(("PYTHON", "MYPY", "PYLINT", "VIRTUAL"))} == {
        "PYTHONHASHSEED",
        "PYTHONUTF8",
    }
    assert (environ["PYTHONHASHSEED"], environ["KEPT"], seen["stdin"]) == ("0", "yes", "")
    assert str(workers_folder) not in seen["path"] and not [path for path in seen["path"] if "site-packages" in path]
    assert not {"site", "pyfmt", "task"} & set(seen["modules"])


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"do": "raise"}, "crashed: KeyError: 'a bug'"),
        ({"do": "exit"}, "crashed: SystemExit: 0"),
        ({"do": "hard exit"}, "crashed (exit code 3)"),
        ({"do": "vanish"}, "its answer cannot be read: "),
        ({"do": "list"}, "its answer cannot be read: it is list, no object"),
        ({"do": "signal", "number": 15}, "killed by signal 15 (SIGTERM)"),
        ({"do": "signal", "number": 9}, "killed by signal 9 (SIGKILL; perhaps the system ran out of memory)"),
        ({"do": "signal", "number": 11}, "killed by signal 11 (SIGSEGV)"),
    ],
    ids=str,
)
def test_a_crash_is_told_with_the_last_lines(start: Start, payload: dict[str, object], reason: str) -> None:
    worker = start()
    answer = worker.ask(payload, 60)
    assert answer.answer is None
    assert answer.reason.startswith(reason)
    assert "noise in run" in answer.log
    assert worker.ask({"do": "echo", "value": 2}, 60).answer is not None  # and the next one is served


def test_a_crash_in_compiled_code_says_where(start: Start) -> None:
    answer = start().ask({"do": "signal", "number": int(signal.SIGSEGV)}, 60)
    assert "Segmentation fault" in answer.log and "in run" in answer.log


def test_a_task_that_cannot_be_loaded_is_told_with_its_reason(start: Start) -> None:
    worker = start("fail")
    for _ in range(2):
        answer = worker.ask({"do": "empty"}, 60)
        assert answer.answer is None and answer.reason
        assert "ImportError: no such tool" in answer.log


def test_an_interpreter_that_is_none_is_told(start: Start, tmp_path: Path) -> None:
    with_reason = ""
    try:
        with_reason = start(interpreter=str(tmp_path / "nowhere")).ask({"do": "empty"}, 60).reason
    except FileNotFoundError as error:  # the forking server starts at once
        with_reason = str(error)
    assert "nowhere" in with_reason


def test_a_time_out_kills_the_request_with_all_that_it_started(start: Start, tmp_path: Path) -> None:
    worker = start()
    assert worker.ask({"do": "empty"}, 60).answer == {}
    for limit in limits(2.0):
        answer = worker.ask({"do": "sleep", "pids": str(tmp_path / "pids")}, limit)
        assert (answer.answer, answer.reason) == (None, f"timed out after {limit:g} s")
        if answer.log.endswith("asleep"):
            break
    assert answer.log.endswith("asleep") and answer.at == "/slept.py"
    pids = pids_in(tmp_path / "pids")
    assert len(pids) == 2 and eventually(lambda: not any(map(alive, pids)))
    assert worker.ask({"do": "echo", "value": 3}, 60).answer is not None
    # What it could not tidy up lies in the run's own folder, which goes away with the run.
    assert not list(Path(tempfile.gettempdir()).glob("left-by-task-*"))
    assert list(tmp_path.rglob("left-by-task-*"))


def test_no_request_survives_a_limit_that_is_over_at_once(fork_server: ForkServer, tmp_path: Path) -> None:
    assert fork_server.ask({"do": "empty"}, 60).answer == {}
    for number in range(20):
        reason = fork_server.ask({"do": "sleep", "pids": str(tmp_path / str(number))}, 1e-6).reason
        assert reason.startswith("timed out")
    pid = fork_server.ask({"do": "pid"}, 60).answer
    assert pid is not None
    parent = fork_server._process.pid  # pylint: disable=protected-access
    assert eventually(lambda: not children_of(parent))


def children_of(pid: int) -> list[int]:
    """Running children of a process."""
    done = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], check=True, capture_output=True, text=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    return [int(child) for child, parent, stat in rows if int(parent) == pid and not stat.startswith("Z")]


def kill_server(worker: ForkServer, place: Path) -> tuple[WorkerAnswer, int]:
    """Have a request kill its server as soon as it is known to have a process, whose number is given, too."""
    pending = worker._pending  # pylint: disable=protected-access
    before = set(pending)
    killing, answers = ask_in_thread(worker, {"do": "kill server", "now": f"{place}.now", "pids": str(place)})
    assert eventually(lambda: any(pending[number].pid for number in set(pending) - before))
    [pid] = [pending[number].pid for number in set(pending) - before]
    assert pid is not None
    Path(f"{place}.now").touch()
    killing.join(60)
    return answers[0], pid


def test_a_server_that_dies_fails_its_requests_and_leaves_nothing(fork_server: ForkServer, tmp_path: Path) -> None:
    sleeping, answers = ask_in_thread(fork_server, {"do": "sleep", "pids": str(tmp_path / "a")})
    pids = pids_in(tmp_path / "a")
    killing, pid = kill_server(fork_server, tmp_path / "b")
    sleeping.join(60)
    pids.append(pid)
    assert len(answers) == 1
    for answer in (killing, *answers):
        assert (answer.answer, answer.end) == (None, End.KILLED)
        assert answer.reason.startswith("the worker was killed by signal 9 (SIGKILL")
    assert eventually(lambda: not any(map(alive, pids)))
    later = fork_server.ask({"do": "empty"}, 60)
    assert later.reason.startswith("the worker was killed by signal 9 (SIGKILL") and later.end is End.KILLED


def test_what_a_killed_request_had_started_ends_with_it(fork_server: ForkServer, tmp_path: Path) -> None:
    sleeping, answers = ask_in_thread(fork_server, {"do": "sleep", "pids": str(tmp_path / "pids")})
    pids = pids_in(tmp_path / "pids")
    os.kill(pids[0], signal.SIGKILL)
    sleeping.join(60)
    assert [each.end for each in answers] == [End.KILLED]
    assert eventually(lambda: not any(map(alive, pids)))
    assert fork_server.ask({"do": "empty"}, 60).answer == {}


def test_a_stopped_server_is_ended_when_the_time_is_over(fork_server: ForkServer, tmp_path: Path) -> None:
    """Before it has forked; the child of another request, whose time is not over, ends with it."""
    sleeping, answers = ask_in_thread(fork_server, {"do": "sleep", "pids": str(tmp_path / "a")})
    pids = pids_in(tmp_path / "a")
    process = fork_server._process  # pylint: disable=protected-access
    os.kill(process.pid, signal.SIGSTOP)
    assert eventually(lambda: is_stopped(process))
    answer = fork_server.ask({"do": "empty"}, 0.5)
    assert (answer.reason, answer.end) == ("the worker was stopped and did nothing for 0.5 s", End.KILLED)
    sleeping.join(60)
    assert [each.end for each in answers] == [End.KILLED]
    assert not is_stopped(process) and not fork_server.alive
    assert eventually(lambda: not any(map(alive, pids)))


def test_a_server_that_is_stopped_while_it_starts(workers_folder: Path, tmp_path: Path) -> None:
    del workers_folder
    worker = ForkServer(WorkerSpec(sys.executable, "task", ("hang",)), tmp_path)
    os.kill(worker._process.pid, signal.SIGSTOP)  # pylint: disable=protected-access
    answer = worker.ask({"do": "empty"}, 0.5)
    assert (answer.reason, answer.end) == ("the worker did not start in time", End.KILLED)
    worker.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its data")
def test_a_request_that_takes_too_much_memory_says_how_much_and_at_which_file(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "memory_limit", lambda: 100)
    answer = start().ask({"do": "eat"}, 60)
    assert (answer.end, answer.at) == (End.HUNGRY, "/eaten.py"), answer
    assert answer.reason.startswith("it took more than ") and answer.reason.endswith(" MiB of memory")
    assert start().ask({"do": "echo", "value": 1}, 60).answer is not None


def test_a_pool_opens_another_worker_for_one_that_has_died(workers_folder: Path, tmp_path: Path) -> None:
    del workers_folder
    pool, spec = WorkerPool(tmp_path), WorkerSpec(sys.executable, "task", ())
    try:
        first = pool.get(spec)
        assert isinstance(first, ForkServer) and pool.get(spec, anew=True) is first
        killed, pid = kill_server(first, tmp_path / "a")
        assert killed.end is End.KILLED and eventually(lambda: not alive(pid))
        assert pool.get(spec) is first
        second = pool.get(spec, anew=True)
        assert isinstance(second, ForkServer) and second.ask({"do": "empty"}, 60).answer == {}
    finally:
        pool.close()


def test_closing_ends_what_still_runs(start: Start, tmp_path: Path) -> None:
    worker = start()
    thread, answers = ask_in_thread(worker, {"do": "sleep", "pids": str(tmp_path / "pids")})
    pids = pids_in(tmp_path / "pids")
    worker.close()
    thread.join(60)
    assert len(answers) == 1 and answers[0].answer is None
    assert eventually(lambda: not any(map(alive, pids)))
    assert worker.ask({"do": "empty"}, 60).answer is None


def test_a_server_that_never_gets_ready_is_given_up(
    workers_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del workers_folder
    monkeypatch.setattr(server, "_START_SECONDS", 1.0)
    worker = ForkServer(WorkerSpec(sys.executable, "task", ("hang",)), tmp_path)
    assert worker.ask({"do": "empty"}, 1.0).reason == "the worker did not start in time"
    worker.close()


@pytest.mark.skipif(sys.platform != "linux", reason="servers stay on Linux only")
def test_a_server_that_ends_before_it_takes_the_connection_is_no_wait(tmp_path: Path) -> None:
    """As one that stays does whose files were written a moment ago: what it was told is lost with a reset."""
    with tempfile.TemporaryDirectory() as place, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.join(place, "socket"))
        listening.listen()
        connected = socket.socket(socket.AF_UNIX)
        connected.connect(listening.getsockname())
        connected.sendall(b"{}\n")
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    worker = ForkServer(WorkerSpec(sys.executable, "task", ()), tmp_path, lambda log: Connection(connected, gone.pid))
    try:
        answer = worker.ask({"do": "empty"}, PATIENCE)
        assert answer.answer is None and "in time" not in answer.reason and not worker.alive
    finally:
        worker.close()


def raw_server(folder: Path, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as stream:
        return subprocess.Popen(
            [sys.executable, "-s", "-S", str(folder / "server.py"), "task"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stream,
            env=clean_environ(os.environ),
            start_new_session=True,
        )


def test_when_stdin_ends_children_are_killed(workers_folder: Path, tmp_path: Path) -> None:
    process = raw_server(workers_folder, tmp_path / "log")
    assert process.stdin is not None and process.stdout is not None
    request = {"id": 7, "payload": {"do": "sleep", "pids": str(tmp_path / "pids")}}
    line = json.dumps({**request, "answer": str(tmp_path / "a"), "log": str(tmp_path / "l")})
    process.stdin.write(line.encode() + b"\n")
    process.stdin.flush()
    pids = pids_in(tmp_path / "pids")
    assert json.loads(process.stdout.readline()) == {"event": "ready", "pid": process.pid}
    assert json.loads(process.stdout.readline()) == {"event": "started", "id": 7, "pid": pids[0]}
    process.stdin.close()
    assert process.wait(60) == 0
    assert eventually(lambda: not any(map(alive, pids)))
    process.stdout.close()


def test_an_interrupt_of_the_terminal_does_not_end_the_server(workers_folder: Path, tmp_path: Path) -> None:
    process = raw_server(workers_folder, tmp_path / "log")
    assert process.stdin is not None and process.stdout is not None
    assert json.loads(process.stdout.readline()) == {"event": "ready", "pid": process.pid}
    process.send_signal(signal.SIGINT)
    request = {
        "id": 1,
        "payload": {"do": "echo", "value": 5},
        "answer": str(tmp_path / "a"),
        "log": str(tmp_path / "l"),
    }
    process.stdin.write(json.dumps(request).encode() + b"\n")
    process.stdin.flush()
    events = [json.loads(process.stdout.readline())["event"] for _ in range(2)]
    assert events == ["started", "ended"]
    assert json.loads((tmp_path / "a").read_text())["echo"] == 5
    process.stdin.close()
    assert process.wait(60) == 0
    process.stdout.close()


def test_where_no_process_can_be_had_the_request_fails_and_the_server_stays(workers_folder: Path) -> None:
    del workers_folder
    with tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o777)  # the task gives up root, for whom there is no such limit
        worker = ForkServer(WorkerSpec(sys.executable, "task", ("no processes",)), Path(scratch))
        try:
            for _ in range(2):
                answer = worker.ask({"do": "empty"}, 60)
                assert answer.reason.startswith("crashed: no process can be started: ")
        finally:
            worker.close()


@pytest.mark.parametrize("version", ["3.10", "3.12", "3.13"])
def test_the_server_runs_on_every_python_that_environments_have(start: Start, version: str) -> None:
    answer = start(interpreter=str(require_python(version))).ask({"do": "echo", "value": version}, 60)
    assert answer.answer == {"echo": version, "preloaded": []}, answer


def test_a_task_prepares_for_requests_and_learns_from_answers(workers_folder: Path, tmp_path: Path) -> None:
    task = TASK.replace('"preloaded": PRELOADED', '"preloaded": list(SEEN)') + _HOOKS
    _task_file(workers_folder).write_text(task)
    worker = ForkServer(WorkerSpec(sys.executable, "task", ()), tmp_path)
    try:
        seen = []
        for value, broken in (("one", False), ("bad", False), ("two", True), ("three", False)):
            answer = worker.ask({"do": "echo", "value": value, "broken": broken}, 60).answer
            assert answer is not None and answer["echo"] == value  # whatever goes wrong in the hooks
            seen.append(answer["preloaded"])
        first = ["prepared"]
        second = [*first, "one", "prepared"]
        third = [*second, "bad"]
        assert seen == [first, second, third, [*third, "two", "prepared"]]
    finally:
        worker.close()
