"""Plugins that the shared configuration names, through the real command: from each project's own environment."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mypy.version import __version__ as mypy_version

from tests.conftest import MakeMonorepo
from tests.end_to_end.trees import manifest
from tests.support.monorepo import Monorepo, command, findings, rules
from tests.support.waiting import PATIENCE, until

MODEL = '''
    """A model with a mistake that only pydantic's plugin sees."""

    from pydantic import BaseModel


    class Item(BaseModel):
        """Something with a size."""

        size = 1


    print(Item())
'''
UNTYPED = "pydantic-field"  # a rule of the plugin
MYPY_INI = "[mypy]\nplugins = pydantic.mypy\n\n[pydantic-mypy]\nwarn_untyped_fields = True\n"


def tree_with(monorepo: MakeMonorepo, **pythons: str) -> Monorepo:
    """A project for each name, with pydantic in an environment of that Python; a git repository."""
    tree = monorepo(
        {
            "pyproject.toml": '[tool.pyfmt]\nconfigs = "configs"\n',
            "configs/mypy.ini": MYPY_INI,
            ".gitignore": ".venv/\n",
        }
    )
    for name, python in pythons.items():
        text = manifest(name, name).replace(">=3.11", ">=3.8")
        tree.write({f"{name}/pyproject.toml": text, f"{name}/{name}/__init__.py": MODEL})
        tree.environment(name, "pydantic>=2.8,<2.12", python=python)
    tree.git("init", "--quiet")
    tree.git("add", "--all")
    return tree


def tools_folder(tree: Monorepo) -> Path:
    """Where the tool environments of this tree's home stand."""
    return tree.home / ".cache/pyfmt/tools"


def test_a_plugin_of_another_minor_version_runs_in_a_tool_environment_that_is_made_once(monorepo: MakeMonorepo) -> None:
    """pydantic 2 is compiled: its plugin cannot be imported by any other Python."""
    tree = tree_with(monorepo, own="3.11", other="3.12")
    result, report = tree.check("--tool", "mypy")
    result.expect(1)
    assert report["failures"] == [] and not any("plugin" in note for note in report["notes"])
    assert {(path, rule) for path, _, rule, _ in findings(report)} == {
        ("other/other/__init__.py", UNTYPED),
        ("own/own/__init__.py", UNTYPED),
    }
    made = [path for path in tools_folder(tree).iterdir() if path.is_dir()]
    assert [path.name for path in made] == [f"mypy-{mypy_version}-python3.12"]

    mark = made[0] / "pyfmt-tool.txt"
    before = mark.stat().st_mtime_ns
    _, again = tree.check("--tool", "mypy", "--no-cache")
    assert findings(again) == findings(report)
    assert mark.stat().st_mtime_ns == before, "it is reused"


def test_a_plugin_file_that_imports_from_the_environment_runs_there_too(monorepo: MakeMonorepo) -> None:
    tree = tree_with(monorepo, other="3.12")
    tree.write(
        {
            "configs/mypy.ini": MYPY_INI.replace("pydantic.mypy", "own.py"),
            "configs/own.py": "from pydantic.mypy import plugin\n",
        }
    )
    _, report = tree.check("--trust", "other", "--tool", "mypy")
    assert report["failures"] == []
    assert UNTYPED in rules(report)


def test_an_untrusted_environment_gets_no_tool_environment(monorepo: MakeMonorepo) -> None:
    tree = tree_with(monorepo, other="3.12")
    tree.git("add", "--force", "other/.venv/pyvenv.cfg")
    _, report = tree.check("--tool", "mypy")
    assert report["failures"] == []
    assert UNTYPED not in rules(report)
    assert any("pydantic.mypy" in note and "not trusted" in note for note in report["notes"])
    assert not tools_folder(tree).exists()


@pytest.mark.parametrize(
    "variables",
    [{"UV_OFFLINE": "1", "UV_NO_CACHE": "1"}, {"UV_INDEX_URL": "http://127.0.0.1:9/simple", "UV_NO_CACHE": "1"}],
    ids=["offline", "no index"],
)
def test_a_tool_environment_that_cannot_be_made_is_a_failure_with_its_cure(
    monorepo: MakeMonorepo, variables: dict[str, str]
) -> None:
    tree = tree_with(monorepo, own="3.11", other="3.12")
    result, report = tree.check("--tool", "mypy", environ={"UV_HTTP_RETRIES": "0", **variables})
    result.expect(2)
    (failure,) = report["failures"]
    assert failure["projects"] == ["other"] and failure["environment"] == "other/.venv"
    assert f"mypy {mypy_version} on Python 3.12" in failure["reason"]
    assert "help: " in failure["detail"] and "package index" in failure["detail"]
    assert {path for path, *_ in findings(report)} == {"own/own/__init__.py"}
    assert not any(path.is_dir() for path in tools_folder(tree).iterdir()), "nothing half is left"


def test_two_runs_at_once_make_one_and_an_interrupted_one_is_made_anew(monorepo: MakeMonorepo) -> None:
    tree = tree_with(monorepo, other="3.12")
    marker = tools_folder(tree) / f"mypy-{mypy_version}-python3.12" / ".pyfmt-creating"
    # Interrupted as hard as can be: killed, while it is being made: the installer asks an index that never answers.
    with socket.create_server(("127.0.0.1", 0)) as index:
        index.settimeout(PATIENCE)
        away = {"UV_INDEX_URL": f"http://127.0.0.1:{index.getsockname()[1]}/simple", "UV_HTTP_RETRIES": "0"}
        with subprocess.Popen(
            [*command(), "check", "--tool", "mypy"],
            cwd=tree.root,
            env=tree.environment_variables({**away, "UV_NO_CACHE": "1"}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            asking, _ = index.accept()
            with asking:
                assert marker.exists(), "it was not seen under construction"
                os.killpg(process.pid, signal.SIGKILL)
    assert not (marker.parent / "pyfmt-tool.txt").exists()
    wait_for_installers(marker)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: tree.check("--tool", "mypy", "--no-cache"), range(2)))
    for _, report in results:
        assert report["failures"] == []
        assert UNTYPED in rules(report)
    assert not marker.exists()

    # A base that is gone makes it worthless: it is made anew.
    (marker.parent / "bin/python").unlink()
    (marker.parent / "bin/python").symlink_to("/nowhere/python3.12")
    _, report = tree.check("--tool", "mypy", "--no-cache")
    assert report["failures"] == [] and UNTYPED in rules(report)


def wait_for_installers(marker: Path) -> None:
    """An installer in a session of its own outlives a killed pyfmt, and holds the lock until it ends."""
    until(lambda: subprocess.run(["flock", "--nonblock", marker, "true"], check=False).returncode == 0)


def test_a_plugin_is_used_where_it_is_installed_and_said_to_be_left_out_elsewhere(monorepo: MakeMonorepo) -> None:
    tree = tree_with(monorepo)
    tree.write({"configs/mypy.ini": "[mypy]\nplugins = own_plugin\n"})
    for name, text in (("one", "first"), ("two", None)):
        tree.write({f"{name}/pyproject.toml": manifest(name, name), f"{name}/{name}/__init__.py": '"""Nothing."""\n'})
        environment = tree.environment(name)
        if text:
            (environment.site_packages / "own_plugin.py").write_text(
                "import pathlib\nfrom mypy.plugin import Plugin\n\n\n"
                f"def plugin(version):\n    pathlib.Path({str(tree.home / 'ran')!r}).write_text({text!r})\n"
                "    return Plugin\n"
            )
    _, report = tree.check("--tool", "mypy")
    assert report["failures"] == []
    assert (tree.home / "ran").read_text() == "first"
    notes = [note for note in report["notes"] if "own_plugin" in note]
    assert len(notes) == 1 and "two/.venv" in notes[0] and "not installed" in notes[0]
