"""An interrupted creation leaves nothing that a later run takes for a whole environment."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pyfmt.environments.creating import MARKER, CreateOptions, Status, is_unfinished
from tests.environments.creating.trees import installed, make, own_build, write
from tests.support.waiting import until

REPOSITORY = Path(__file__).resolve().parents[3]
SCRIPT = """
import signal, sys
from pathlib import Path
from tests.environments.creating.trees import make
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job has it ignored
try:
    made = make(Path(sys.argv[1]), "service")
except KeyboardInterrupt:
    sys.exit(130)
print(made)
"""


def is_alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] != "Z"


def read_pid(path: Path) -> int:
    """The pid that the build backend wrote, once it is there."""
    until(lambda: path.exists() and path.read_text("utf-8") != "")
    return int(path.read_text("utf-8"))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = write(tmp_path, own_build("service"))
    (root / "service/wait").touch()
    return root


def begin(tree: Path) -> tuple[subprocess.Popen[str], int]:
    """A creation that is in the middle of an installation, and the pid of the build that it waits for."""
    creator = subprocess.Popen(  # pylint: disable=consider-using-with  # each test ends it in its own way
        [sys.executable, "-c", SCRIPT, str(tree)], cwd=REPOSITORY, text=True, stdout=subprocess.PIPE
    )
    return creator, read_pid(tree / "service/waiting")


def test_ctrl_c_leaves_nothing_behind(tree: Path) -> None:
    creator, build = begin(tree)
    assert is_unfinished(tree / "service/.venv")
    creator.send_signal(signal.SIGINT)
    creator.communicate()
    assert creator.returncode == 130
    assert not (tree / "service/.venv").exists()
    until(lambda: not is_alive(build))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_kill_9_ends_the_build_too_and_what_is_left_is_recognised_and_replaced(tree: Path) -> None:
    prefix = tree / "service/.venv"
    creator, build = begin(tree)
    creator.kill()
    creator.communicate()
    assert (prefix / "pyvenv.cfg").exists() and is_unfinished(prefix)
    until(lambda: not is_alive(build))
    (tree / "service/wait").unlink()
    until(lambda: make(tree, "service")[0].status is Status.CREATED)
    assert installed(prefix) == {"service": "1.0"}
    assert not (prefix / MARKER).exists()


def test_a_second_creation_at_the_same_time_is_refused(tree: Path) -> None:
    creator, _ = begin(tree)
    (refused,) = make(tree, "service", options=CreateOptions(installer="uv", recreate=True))
    assert refused.status is Status.FAILED and "another pyfmt" in refused.reason
    (tree / "service/wait").unlink()
    said, _ = creator.communicate()
    assert "CREATED" in said and creator.returncode == 0
    assert installed(tree / "service/.venv") == {"service": "1.0"}


def test_a_call_that_takes_too_long_is_ended_and_cleaned_up(tree: Path) -> None:
    (made,) = make(tree, "service", options=CreateOptions(installer="uv", timeout=3.0))
    assert made.status is Status.FAILED and "took longer than 3 s" in made.reason
    assert not (tree / "service/.venv").exists()
    waiting = tree / "service/waiting"
    if waiting.exists():  # on a very slow machine the build had not begun
        until(lambda: not is_alive(read_pid(waiting)))
