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

from tests.end_to_end import trees
from tests.end_to_end.test_interruption import alive, children
from tests.support.monorepo import ROOT, Monorepo, command

FILES = 5
# So large that each file is a chunk of its own, and several processes get some.
COMMENT = ("# " + "x " * 40 + "\n") * 750
UGLY = '"""Ugly."""\nimport sys\nimport os\nprint( os.sep,sys.path )\n' + COMMENT.replace(" \n", "\n")
NEAT = '"""Ugly."""\n\nimport os\nimport sys\n\nprint(os.sep, sys.path)\n' + COMMENT.replace(" \n", "\n")
# The formatters need minutes for it, most of them in compiled code that looks for no signal.
ENDLESS = '"""Long."""\n' + "x = f( 1,2 )\n" * 400_000

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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("count", [1, 5])
def test_a_busy_formatter_is_ended(tree: Monorepo, number: signal.Signals, count: int) -> None:
    tree.write({f"app/app/endless{place}.py": ENDLESS for place in range(count)})
    names = [f"app/app/endless{place}.py" for place in range(count)]
    with subprocess.Popen(
        [*command(), "format", "--no-cache", *names],
        cwd=tree.root,
        env=tree.environment_variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        started: list[int] = []
        while not started and process.poll() is None:
            started = children(process.pid)
            time.sleep(0.01)
        assert started, "the run ended before it started a process"
        os.kill(process.pid, number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors and "Exception ignored" not in errors
    assert not [pid for pid in started if alive(pid)]


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
