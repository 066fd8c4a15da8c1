"""Signals at every moment: no file is harmed, no process left, no traceback printed, and the code says
"interrupted"."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.attack.hanging import ENDLESS, processes_of, project
from tests.end_to_end import trees
from tests.runner.test_worker_server import eventually
from tests.support.monorepo import ROOT, Monorepo, command

FILES = 5
# So large that each file is a chunk of its own, and several processes get some.
COMMENT = ("# " + "x " * 40 + "\n") * 750
UGLY = '"""Ugly."""\nimport sys\nimport os\nprint( os.sep,sys.path )\n' + COMMENT.replace(" \n", "\n")
NEAT = '"""Ugly."""\n\nimport os\nimport sys\n\nprint(os.sep, sys.path)\n' + COMMENT.replace(" \n", "\n")
# Raises a signal in the main process right before, or right after, its n-th call of a function; says so by a file.
AT_THE_NTH = """
import os, signal, sys
sys.path.insert(0, {root!r})
from pyfmt.cli.main import main
where, name, number, after, count, me = os, {name!r}, signal.{signal}, {after!r}, [{n}], os.getpid()
real = getattr(where, name)
def fake(*args, **more):
    count[0] -= os.getpid() == me
    hit = count[0] == 0 and os.getpid() == me
    if hit:
        open({mark!r}, "w").close()
    if hit and not after:
        signal.raise_signal(number)
    try:
        return real(*args, **more)
    finally:
        if hit and after and os.getpid() == me:
            signal.raise_signal(number)
setattr(where, name, fake)
sys.argv[0] = "pyfmt"
sys.exit(main())
"""


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> Monorepo:
    """So many files to format that a pool does."""
    files: dict[str, str | bytes] = {f"app/ugly{number}.py": UGLY for number in range(FILES)}
    return trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n', **files})


def interrupted_at(
    tree: Monorepo, name: str, number: str, n: int, after: bool
) -> subprocess.CompletedProcess[str] | None:
    """`pyfmt format` with a signal at the n-th call of `os.NAME`; None where there are fewer calls."""
    mark = tree.root.parent / "mark"
    mark.unlink(missing_ok=True)
    program = AT_THE_NTH.format(root=str(ROOT), name=name, signal=number, n=n, after=after, mark=str(mark))
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, "format", "--jobs", "2", "--no-cache"],
        cwd=tree.root,
        env=tree.environment_variables(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done if mark.exists() else None


def check_whole(tree: Monorepo, said: str) -> None:
    """Every file is as it was or done, and nothing else is there."""
    for number in range(FILES):
        assert tree.read(f"app/app/ugly{number}.py") in (UGLY, NEAT), said
    assert not list(tree.root.rglob(".pyfmt-*.tmp")), said


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("name", ["fork", "replace"])
def test_a_signal_at_every_call(tree: Monorepo, name: str, after: bool) -> None:
    """Forks of the pool, and the steps of each file's replacement: all of them, one after the other."""
    numbers = ("SIGTERM", "SIGHUP", "SIGINT")
    n, seen = 0, 0
    while n < 30:
        n += 1
        tree.write({f"app/app/ugly{number}.py": UGLY for number in range(FILES)})
        done = interrupted_at(tree, name, numbers[n % 3], n, after)
        if done is None:
            break
        seen += 1
        assert done.returncode == 130, f"{name} {n}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr, done.stderr
        check_whole(tree, f"{name} {n}: {done.stderr}")
    assert seen >= 2, "none of the calls was met"


@pytest.fixture(name="hanging", scope="module")
def _hanging(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    tree = project(tmp_path_factory.mktemp("hanging"), "hangs")
    tree.write({f"endless/endless{number}.py": ENDLESS for number in range(5)})
    return tree


@pytest.mark.skipif(sys.platform != "linux", reason="processes are counted in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
@pytest.mark.parametrize(
    "arguments",
    [("format", "endless/endless0.py"), ("format", "endless"), ("lint", "--trust", "--jobs", "2", "app")],
    ids=" ".join,
)
def test_no_process_is_left_after_any_signal(
    hanging: Monorepo, number: signal.Signals, arguments: tuple[str, ...]
) -> None:
    """In the middle of formatters and linters that would never end; kill -9 is for the main process alone."""
    with subprocess.Popen(
        [*command(), arguments[0], "--no-cache", *arguments[1:]],
        cwd=hanging.root,
        env=hanging.environment_variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        # The tools' processes are there: a formatter's beside the main one, or two servers with a child each.
        wanted = 4 if arguments[0] == "lint" else 2
        while len(processes_of(hanging)) < wanted and process.poll() is None:
            time.sleep(0.01)
        assert process.poll() is None, "the run ended before it started its processes"
        os.kill(process.pid, number)
        process.wait(60)
        assert eventually(lambda: not processes_of(hanging)), processes_of(hanging)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == (130 if number != signal.SIGKILL else -9), errors
    assert "Traceback" not in errors and "Exception ignored" not in errors


def test_the_time_limit_holds_for_a_single_file_and_the_others_are_formatted(tree: Monorepo) -> None:
    tree.write({"app/app/endless.py": ENDLESS})
    tree.write({"app/app/ugly1.py": '"""One."""\nprint( 1 )\n'})
    result = tree.run("format", "--timeout", "5", "--no-cache", "app/app/endless.py", "app/app/ugly1.py").expect(2)
    assert "app/app/endless.py: formatting took more than 5 s" in result.stdout, str(result)
    assert tree.read("app/app/ugly1.py") == '"""One."""\n\nprint(1)\n'


def test_an_ignored_hangup_stays_ignored(tree: Monorepo) -> None:
    """nohup."""
    program = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    code = AT_THE_NTH.format(
        root=str(ROOT), name="replace", signal="SIGHUP", n=1, after=False, mark=str(tree.root.parent / "mark")
    )
    done = subprocess.run(
        [sys.executable, "-c", program, sys.executable, "-P", "-c", code, "format", "--no-cache"],
        cwd=tree.root,
        env=tree.environment_variables(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tree.root.parent / "mark").exists()
