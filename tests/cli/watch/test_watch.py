"""`pyfmt --watch` as a user has it: saves, and what the next report says."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cache.comparing import timeless
from tests.cli.watch.sessions import REST, Session, save, watching
from tests.end_to_end.trees import manifest
from tests.runner.test_worker_server import alive, eventually
from tests.support.monorepo import Monorepo, command
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.slow

CLEAN = '''
    """Values."""

    VALUE: int = 1
'''
WRONG = CLEAN.replace("= 1", '= "one"')
FINDING = "Incompatible types in assignment"
# A plugin of mypy that says that it runs, and waits.
_HELD = """
    import os, time
    from mypy.plugin import Plugin

    def plugin(version):
        open({held!r}, "w").close()
        while not os.path.exists({go!r}):
            time.sleep(0.02)
        return Plugin
"""
# Ctrl-C reaches the processes of a terminal's session only.
_TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture
def tree(tmp_path: Path) -> Monorepo:
    """Two projects with an environment each, beside the root's own."""
    files: dict[str, str | bytes] = {"pyproject.toml": "[tool.pyfmt]\n", ".gitignore": ".venv/\n"}
    for name in ("one", "two"):
        files[f"{name}/pyproject.toml"] = manifest(name, name)
        files[f"{name}/{name}/__init__.py"] = CLEAN
    made = Monorepo.create(tmp_path, files)
    for name in ("one", "two"):
        made.environment(name)
    made.git("init", "--quiet")
    return made


def ran(session: Session) -> set[tuple[str, str]]:
    """Project and tool of what the latest run did not answer from the cache."""
    units = session.json["units"]
    return {(project, unit["tool"]) for unit in units if not unit["cached"] for project in unit["projects"]}


def test_a_save_is_reported_and_runs_only_what_can_see_it_with_the_same_workers(tree: Monorepo) -> None:
    with watching(tree, "check") as session:
        assert "changed" not in session.report(1)
        save(tree, "one/one/__init__.py", WRONG)
        assert "changed: one/one/__init__.py ---" in session.latest(FINDING)
        assert ran(session) == {("one", "format"), ("one", "mypy"), ("one", "pylint")}
        workers = session.workers()
        assert len(workers) == 2, workers
        save(tree, "one/one/__init__.py", CLEAN)
        session.latest(lacks=FINDING)
        assert len(session.reports) == 3
        save(tree, "two/two/__init__.py", WRONG)
        session.latest("two/two/__init__.py:3:14")
        assert {project for project, _ in ran(session)} == {"two"}
        assert session.workers() == workers
        assert session.end(signal.SIGINT) == 130
        assert not [pid for pid in workers if alive(pid)]
        assert "no longer watching" in session.said and "Traceback" not in session.said


def test_a_worker_that_died_is_started_again(tree: Monorepo) -> None:
    with watching(tree, "check") as session:
        session.report(1)
        before = session.workers()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: not [pid for pid in before if alive(pid)])
        tree.write({"one/one/__init__.py": WRONG})
        assert "failed" not in session.latest(FINDING)
        assert len(session.workers()) == 2 and not set(session.workers()) & set(before)
        assert session.end(signal.SIGTERM) == 130


def test_what_a_run_writes_itself_starts_no_further_run(tree: Monorepo) -> None:
    with watching(tree, "--output", f"html={tree.root / 'report.html'}") as session:
        session.report(1)
        save(tree, "one/one/__init__.py", CLEAN.replace("VALUE: int = 1", "VALUE : int=1"))
        assert "one/one/__init__.py" in session.latest("changed: one/one/__init__.py ---")
        assert tree.read("one/one/__init__.py").endswith("VALUE: int = 1\n")
        # Had what was written counted, its run would come before this one.
        save(tree, "two/two/__init__.py", WRONG)
        assert "changed: two/two/__init__.py ---" in session.latest(FINDING)
        assert len(session.reports) == 3
        assert (tree.root / "report.html").exists()
        # The very content that pyfmt wrote is a change again where something else was there meanwhile.
        written = tree.read("one/one/__init__.py")
        tree.write({"one/one/__init__.py": WRONG})
        session.latest("one/one/__init__.py:3:14")
        tree.write({"one/one/__init__.py": written})
        session.latest("changed: one/one/__init__.py ---", lacks="one/one/__init__.py:3:14")
        assert session.end() == 130


def test_a_broken_configuration_is_told_and_the_session_goes_on(tree: Monorepo) -> None:
    with watching(tree, "check") as session:
        session.report(1)
        tree.write({"pyproject.toml": "[tool.pyfmt]\nproject = 1\n"})
        assert "pyfmt: error:" in session.latest("unknown key 'project'")
        tree.write({"fresh/pyproject.toml": manifest("fresh", "fresh"), "fresh/fresh/__init__.py": CLEAN})
        tree.write({"pyproject.toml": "[tool.pyfmt]\n"})
        session.latest("watching 3 projects")
        tree.write({"fresh/fresh/__init__.py": WRONG})
        session.latest("changed: fresh/fresh/__init__.py")
        assert session.end() == 130


def test_a_package_that_is_installed_is_seen(tree: Monorepo) -> None:
    tree.write({"one/one/__init__.py": '"""Needs a package."""\n\nimport needed\n\nneeded.call()\n'})
    with watching(tree, "lint") as session:
        assert 'module named "needed"' in session.report(1)
        site = next((tree.root / "one/.venv/lib").glob("python*/site-packages"))
        (site / "needed.py").write_text('"""Installed."""\n\n\ndef call():\n    """Nothing."""\n')
        session.latest(lacks='module named "needed"')
        (site / "needed.py").unlink()
        session.latest('module named "needed"')
        assert session.end() == 130


def test_an_environment_that_comes_and_goes_is_seen(tree: Monorepo) -> None:
    tree.write({"three/pyproject.toml": manifest("three", "three"), "three/three/__init__.py": WRONG})
    with watching(tree, "lint") as session:
        assert FINDING not in session.report(1)
        tree.environment("three")
        session.latest(FINDING)
        os.rename(tree.root / "three/.venv", tree.home / "gone")
        session.latest(lacks=FINDING)
        assert session.end() == 130


def test_a_save_during_a_run_is_not_lost(tree: Monorepo) -> None:
    held, go = tree.home / "held", tree.home / "go"
    tree.write({"pyproject.toml": '[tool.pyfmt]\nconfigs = "configs"\n'})
    plugin = _HELD.format(held=str(held), go=str(go))
    tree.write({"configs/mypy.ini": "[mypy]\nplugins = held.py\n", "configs/held.py": plugin})
    with watching(tree, "check", "--no-cache", "--trust", "--max-same", "0") as session:
        session.until(held.exists)  # the first run is under way
        assert not session.reports
        tree.write({f"two/two/module_{number}.py": WRONG for number in range(100)})
        tree.write({"one/one/__init__.py": WRONG})
        go.touch()
        wanted = ["one/one/__init__.py:3:14", *(f"two/two/module_{number}.py:3:14" for number in range(100))]
        session.until(lambda: session.reports and all(place in session.reports[-1] for place in wanted))
        assert session.end() == 130


def test_each_report_is_that_of_an_ordinary_run(tree: Monorepo) -> None:
    """What this process has in memory of configurations, folders and files is no longer true after these."""
    long = f'"""Values."""\n\nimport zlib\nimport alpha\n\nVALUE = [{", ".join(["alpha", "zlib"] * 6)}]\n'
    steps: list[dict[str, str | bytes]] = [
        {"one/one/long.py": long},
        {"pyproject.toml": "[tool.pyfmt]\n[tool.black]\nline-length = 40\n"},
        {"pyproject.toml": '[tool.pyfmt]\n[tool.isort]\nprofile = "black"\nforce_sort_within_sections = true\n'},
        {"one/alpha/__init__.py": CLEAN},  # is first party from now on
        {"two/alpha.py": WRONG, "two/two/uses.py": '"""Uses."""\n\nfrom alpha import VALUE\n\nprint(VALUE + 1)\n'},
        {".gitignore": ".venv/\nalpha.py\n"},
        {"pyproject.toml": '[tool.pyfmt]\nexclude = ["/one/"]\n'},
        {"pyproject.toml": "[tool.pyfmt]\n[tool.mypy]\nstrict = true\n[tool.pylint.main]\ndisable = ['all']\n"},
    ]
    with watching(tree, "check") as session:
        session.report(1)
        for step in steps:
            tree.write(step)
            _, cold = tree.check("--no-cache")
            session.until_json(timeless(cold))
        assert session.end() == 130


def test_on_a_terminal_the_latest_report_stands_alone(tree: Monorepo) -> None:
    master, slave = pty.openpty()
    variables = tree.environment_variables({"TERM": "xterm", "COLUMNS": "120"})
    with subprocess.Popen(
        [sys.executable, "-c", _TAKE_TERMINAL, *command(), "check", "--watch"],
        cwd=tree.root,
        env=variables,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    ) as process:
        os.close(slave)
        try:
            shown = _read_until(master, REST)
            assert "\x1b[H\x1b[2J" in shown
            assert "watching 2 projects, last run " in shown.rsplit("\x1b[2J", 1)[1]
            save(tree, "one/one/__init__.py", WRONG)
            shown = _read_until(master, REST)
            assert "changed: one/one/__init__.py; running" in shown
            assert FINDING in shown.rsplit("\x1b[2J", 1)[1]
            save(tree, "pyproject.toml", "[tool.pyfmt]\nproject = 1\n")
            shown = _read_until(master, REST)
            last = shown.rsplit("\x1b[2J", 1)[1]
            assert "unknown key 'project'" in last and "watching, last run" in last and "\x1b[3J" not in shown
            os.write(master, b"\x03")
            assert process.wait(PATIENCE) == 130
        finally:
            process.kill()
            os.close(master)


def _read_until(terminal: int, text: str) -> str:
    shown = ""
    while text not in shown:
        shown += os.read(terminal, 1 << 16).decode()
    return shown


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--staged"], "--watch: watches the work tree, and --staged is about git's index"),
        (["check", "--shard", "1/2"], "--watch: runs again and again on one machine"),
        (["lint", "--add-ignores"], "--watch: would accept each new finding as it comes"),
        (["format", "-"], "--watch: does not go with `-`"),
        (["--root", "nowhere"], "nowhere: --root is not a folder"),
    ],
)
def test_what_cannot_be_watched_is_an_error(tmp_path: Path, arguments: list[str], message: str) -> None:
    tree = Monorepo.create(tmp_path, {"pyproject.toml": "[tool.pyfmt]\n"})
    done = tree.run(*arguments, "--watch").expect(2)
    assert f"pyfmt: error: {message}" in done.stderr


def test_without_the_extra_the_error_says_what_to_install(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, {"pyproject.toml": "[tool.pyfmt]\n"})
    absent = tmp_path / "absent"
    absent.mkdir()
    (absent / "watchfiles.py").write_text("raise ImportError(\"No module named 'watchfiles'\")\n")
    done = tree.run("--watch", environ={"PYTHONPATH": str(absent)}).expect(2)
    assert "--watch: needs the package watchfiles" in done.stderr
    assert "help: pip install 'pyfmt-monorepo[watch]'" in done.stderr
