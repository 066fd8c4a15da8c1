"""Servers that outlive their run: really started, shared, ended, killed, stopped, and never a reason for another
answer."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyfmt.runner import warm
from pyfmt.runner.answers import End
from pyfmt.runner.options import server_folder, sockets_folder
from pyfmt.runner.pool import WorkerPool
from pyfmt.runner.processes import is_stopped_process
from pyfmt.runner.server import WorkerSpec
from tests.runner.test_worker_server import TASK, alive, ask_in_thread, eventually, pids_in, workers_folder

__all__ = ["workers_folder"]  # a fixture

_TASK = TASK.replace('"cwd": os.getcwd()', '"cwd": os.getcwd(), "server": SERVER, "mask": os.umask(0)') + """
SERVER = os.getpid()

def learnt():
    return ["a tree"]

def learn(answer):
    PRELOADED.extend(answer.get("built", ()))
"""
SPEC = WorkerSpec(sys.executable, "task", ())


@pytest.fixture
def folder(workers_folder: Path, tmp_path: Path) -> Iterator[Path]:
    """The folder of the sockets; afterwards no server is left."""
    for name, text in (("../task/worker/task.py", _TASK), ("warm.py", (_TOOLS / "warm.py").read_text("utf-8"))):
        file = workers_folder / name
        file.write_text(text, "utf-8")
    for file in tmp_path.rglob("*.py"):
        os.utime(file, (1e9, 1e9))  # what was written just now would be doubted
    with tempfile.TemporaryDirectory(prefix="pyfmt-") as short:  # a socket's path has at most 107 bytes
        place = Path(short) / "pyfmt"
        yield place
        for each in warm.running(place):
            warm.stop(each)
    assert not list(warm.running(place))


_TOOLS = Path(warm.__file__).parent.parent / "tools" / "worker"


class Run:
    """One run: its own folder and pool."""

    def __init__(self, place: Path, scratch: Path) -> None:
        self.place, self.pool = place, WorkerPool(scratch)

    def ask(self, timeout: float = 600, anew: bool = False, **payload: object) -> dict[str, object]:
        """The answer to a request."""
        worker = self.pool.get(SPEC, anew, self.place)
        assert not isinstance(worker, OSError)
        answer = worker.ask(payload, timeout)
        assert answer.answer is not None, answer
        return answer.answer


@pytest.fixture
def run(folder: Path, tmp_path: Path) -> Iterator[Run]:
    """The first run, which starts a server."""
    yield from _run(folder, tmp_path / "run1")


@pytest.fixture
def later(folder: Path, tmp_path: Path) -> Iterator[Run]:
    """A second one."""
    yield from _run(folder, tmp_path / "run2")


def _run(folder: Path, scratch: Path) -> Iterator[Run]:
    scratch.mkdir()
    made = Run(folder, scratch)
    yield made
    made.pool.close()


def server_of(run: Run) -> int:
    """The process that a run is served from."""
    found = run.ask(do="pid")["server"]
    assert isinstance(found, int)
    return found


def test_a_later_run_has_the_same_server_and_its_own_surroundings(
    run: Run, later: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run.ask(do="pid")
    run.pool.close()
    monkeypatch.setenv("A_VARIABLE", "new")
    monkeypatch.chdir(tmp_path)
    second = later.ask(do="pid")
    assert second["server"] == first["server"] and second["pid"] != first["pid"]
    assert second["cwd"] == str(tmp_path) and second["mask"] == first["mask"]
    environ = later.ask(do="environ")["environ"]
    assert isinstance(environ, dict) and environ["A_VARIABLE"] == "new" and environ["PYTHONHASHSEED"] == "0"
    assert later.ask(do="echo", value=1)["preloaded"] == ["a tree"]  # learnt from the first run, when it had ended
    assert [each.pid for each in warm.running(folder)] == [first["server"]]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    later.pool.close()
    assert eventually(lambda: not any(alive(int(str(each))) for each in (first["pid"], second["pid"])))


def test_a_run_that_ends_takes_its_processes_along_and_leaves_the_server(run: Run, tmp_path: Path) -> None:
    server = server_of(run)
    worker = run.pool.get(SPEC, warm=run.place)
    assert not isinstance(worker, OSError)
    thread, answers = ask_in_thread(worker, {"do": "sleep", "pids": str(tmp_path / "pids")})
    pids = pids_in(tmp_path / "pids")
    run.pool.close()
    thread.join(60)
    assert eventually(lambda: not any(map(alive, pids))) and answers[0].answer is None
    assert alive(server)


def test_without_a_server_that_was_killed_a_run_goes_on(run: Run, tmp_path: Path) -> None:
    server = server_of(run)
    worker = run.pool.get(SPEC, warm=run.place)
    assert not isinstance(worker, OSError)
    thread, answers = ask_in_thread(worker, {"do": "sleep", "pids": str(tmp_path / "pids")}, 600)
    pids = pids_in(tmp_path / "pids")
    os.kill(server, signal.SIGKILL)
    assert run.ask(do="echo", value=1)["echo"] == 1  # a session needs it no more
    session = int(Path(f"/proc/{pids[0]}/stat").read_text("utf-8").rpartition(")")[2].split()[1])
    os.kill(session, signal.SIGKILL)
    thread.join(60)
    assert answers[0].end is End.KILLED and eventually(lambda: not any(map(alive, pids)))
    assert run.ask(anew=True, do="pid")["server"] != server  # which is a worker of this run alone


def test_a_server_that_is_stopped_or_talks_rubbish_is_none(run: Run, later: Run, folder: Path) -> None:
    server = server_of(run)
    run.pool.close()
    os.kill(server, signal.SIGSTOP)
    assert eventually(lambda: is_stopped_process(server))
    assert server_of(later) != server
    assert [each.stopped for each in warm.running(folder)] == [True]
    later.pool.close()
    for each in warm.running(folder):
        warm.stop(each)
    assert eventually(lambda: not alive(server))


@pytest.mark.parametrize("said", [b"rubbish\n", b'{"event": "ready"}\n', b"[]\n", b""])
def test_rubbish_is_no_answer(run: Run, folder: Path, said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "_ANSWER_SECONDS", 0.5)
    server = server_of(run)
    run.pool.close()
    [path] = folder.glob("*.sock")
    path.unlink()
    with socket.socket(socket.AF_UNIX) as fake:
        fake.bind(str(path))
        fake.listen()

        def answer() -> None:
            connection, _ = fake.accept()
            with connection:
                connection.sendall(said)
                connection.recv(1 << 20)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        own = Run(folder, folder)
        assert own.ask(do="echo", value=7)["echo"] == 7
        own.pool.close()
        thread.join(60)
    path.unlink()
    os.kill(server, signal.SIGTERM)


def test_a_folder_or_a_socket_of_others_is_not_used(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    server_of(run)
    assert not list(folder.iterdir())
    folder.chmod(0o700)
    run.pool.close()
    link = folder.with_name("link")
    link.symlink_to(folder)
    assert warm.connect(SPEC, (), link, folder / "log") is None
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert warm.connect(SPEC, (), folder, folder / "log") is None


def test_it_ends_when_nobody_comes_and_when_what_it_has_loaded_changes(
    run: Run, later: Run, folder: Path, workers_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = server_of(run)
    run.pool.close()
    task = workers_folder.parent / "task" / "worker" / "task.py"
    task.write_text(task.read_text("utf-8") + "\n# another version\n", "utf-8")
    os.utime(task, (2e9, 1e9))
    assert server_of(later) != server  # but from one that has the new version
    later.pool.close()
    assert eventually(lambda: not alive(server))
    for each in warm.running(folder):
        warm.stop(each)
    monkeypatch.setenv("PYFMT_SERVER_IDLE", "0.2")
    last = Run(folder, folder)
    server = server_of(last)
    assert alive(server)  # which has a run
    last.pool.close()
    assert eventually(lambda: not alive(server)) and not list(folder.glob("*.sock"))


def test_where_no_server_is_wanted() -> None:
    place = Path("/run/user/1/pyfmt/servers")
    environ = {"XDG_RUNTIME_DIR": "/run/user/1"}
    assert server_folder("auto", environ) == sockets_folder(environ) == place
    assert server_folder("auto", {**environ, "CI": "false"}) == place
    for setting, more in (("off", {}), ("auto", {"CI": "true"}), ("auto", {"PYFMT_SERVER": "off"})):
        assert server_folder(setting, {**environ, **more}) is None


def test_little_memory_is_seen(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("warm_server", _TOOLS / "warm.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    file = tmp_path / "meminfo"
    for available, scarce in ((99, True), (101, False)):
        file.write_text(f"MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable: {available} kB\n")
        assert module.is_scarce(str(file)) is scarce
    assert not module.is_scarce(str(tmp_path / "none"))
