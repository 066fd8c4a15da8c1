"""Inherited, dependent and active environments, names, and the order of the answers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pyfmt.core.memo import TextMemo
from pyfmt.core.model import Health, Resolution
from pyfmt.environments import reading
from pyfmt.environments import resolve as finding
from pyfmt.environments.resolve import resolve
from tests.environments.places import call, config, projects, pyproject, uv, write
from tests.support.pythons import require_python

HATCHLING = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


def make(prefix: Path, *editable: Path, version: str = "3.11") -> Path:
    call(uv(), "venv", "--no-project", "--python", require_python(version), prefix)
    arguments = [str(part) for folder in editable for part in ("--editable", folder)]
    if arguments:
        call(uv(), "pip", "install", "--python", prefix / "bin/python", *arguments)
    return prefix


def library(root: Path, path: str) -> Path:
    name = path.rsplit("/", 1)[-1]
    write(root, {f"{path}/pyproject.toml": pyproject(name, HATCHLING), f"{path}/src/{name}/__init__.py": ""})
    return root / path


def place(resolution: Resolution) -> str:
    return resolution.environment.name if resolution.environment else ""


def environ(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home"), **more}


def test_library_gets_the_environment_of_the_first_project_that_has_it(tmp_path: Path) -> None:
    root = tmp_path / "mono"
    store, events = library(root, "lib/store"), library(root, "lib/events")
    library(root, "lib/unused")
    make(root / "svc/b/.venv", store)
    make(root / "svc/a/.venv", store, version="3.12")
    make(root / "svc/c/.venv", version="3.13")
    # Not editable, but from the folder: direct_url.json says so too.
    call(uv(), "pip", "install", "--python", root / "svc/c/.venv/bin/python", str(events))
    wanted = projects("svc/c", "lib/store", "svc/b", "lib/unused", "svc/a", "lib/events")
    found = {item.project: item for item in resolve(wanted, config(root), environ(tmp_path))}
    assert list(found) == [project.path for project in wanted]
    assert place(found["lib/store"]) == "svc/a/.venv"
    assert found["lib/store"].rule == "dependent" and "svc/a" in found["lib/store"].note
    assert place(found["lib/events"]) == "svc/c/.venv"
    assert found["lib/unused"].environment is None
    assert found["lib/unused"].note
    # One object for one environment, whoever uses it.
    assert found["lib/store"].environment is found["svc/a"].environment


def test_order_of_the_projects_does_not_matter(tmp_path: Path) -> None:
    root = tmp_path / "mono"
    store = library(root, "lib/store")
    for name in ("b", "a"):
        make(root / f"svc/{name}/.venv", store)
    wanted = projects("svc/b", "lib/store", "svc/a")
    one = {item.project: item for item in resolve(wanted, config(root), environ(tmp_path))}
    other = {item.project: item for item in resolve(wanted[::-1], config(root), environ(tmp_path))}
    assert one == other


def test_inherited_from_the_nearest_folder_above_and_never_beyond_the_root(tmp_path: Path) -> None:
    root = tmp_path / "mono"
    make(tmp_path / ".venv")
    for path in ("x/y/a", "x/b", "c"):
        write(root, {f"{path}/pyproject.toml": pyproject(path[-1])})
    make(root / "x/.venv")
    found = resolve(projects("x/y/a", "x/b", "c"), config(root), environ(tmp_path))
    assert [place(item) for item in found] == ["x/.venv", "x/.venv", ""]
    assert found[0].rule == "inherited" and found[0].note == "inherited from x/.venv"


def test_active_environment_is_not_applied_to_every_project(tmp_path: Path) -> None:
    root = tmp_path / "mono"
    store = library(root, "lib/store")
    write(root, {"svc/a/pyproject.toml": pyproject("a")})
    active = make(tmp_path / "active", store)
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        shell = environ(tmp_path, **{variable: str(active)})
        a, lib = resolve(projects("svc/a", "lib/store"), config(root), shell)
        assert a.environment is None and "does not have this one installed" in a.passed_over[0].reason
        assert lib.rule == variable and place(lib) == "active"
        (alone,) = resolve(projects("svc/a"), config(root), shell)
        assert alone.rule == variable
    base = environ(tmp_path, CONDA_PREFIX=str(active), CONDA_DEFAULT_ENV="base")
    assert resolve(projects("svc/a"), config(root), base)[0].environment is None


def test_pyfmts_own_environment_is_never_a_projects_by_default(tmp_path: Path) -> None:
    write(tmp_path / "mono", {"a/pyproject.toml": pyproject("a")})
    (only,) = resolve(projects("a"), config(tmp_path / "mono"), environ(tmp_path))
    assert only.environment is None and only.rule == ""


def test_inherited_environment_of_pyfmt_itself_comes_after_a_dependent_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "mono"
    store = library(root, "lib/store")
    own = make(root / ".venv")
    make(root / "svc/a/.venv", store)
    write(root, {"svc/b/pyproject.toml": pyproject("b")})
    monkeypatch.setattr(sys, "prefix", str(own))
    lib, b = resolve(projects("lib/store", "svc/b"), config(root), environ(tmp_path))[0:2]
    assert lib.rule == "inherited"  # nobody in this run has it
    lib, b, _ = resolve(projects("lib/store", "svc/b", "svc/a"), config(root), environ(tmp_path))
    assert lib.rule == "dependent" and place(lib) == "svc/a/.venv"
    assert b.rule == "inherited" and place(b) == ".venv"


def test_names_are_unique_and_hold_no_folder_outside_the_root(tmp_path: Path) -> None:
    root = tmp_path / "mono"
    wanted = []
    for name in ("a", "b", "c"):
        make(tmp_path / f"out/{name}/.venv")
        write(root, {f"{name}/pyproject.toml": pyproject(name)})
        wanted.append((name, f"../out/{name}/.venv"))
    found = resolve(projects("a", "b", "c"), config(root, wanted), environ(tmp_path))
    names = [place(item) for item in found]
    assert names == [".venv", "b/.venv", "c/.venv"]


def test_each_environment_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "mono"
    make(root / ".venv")
    write(root, {f"{name}/pyproject.toml": pyproject(name) for name in "abcdef"})
    (root / "f/.venv").symlink_to(root / ".venv")
    read: list[Path] = []

    def examine(prefix: Path, *rest: Any, **named: Any) -> reading.ReadResult:
        read.append(prefix)
        return reading.examine(prefix, *rest, **named)

    monkeypatch.setattr(finding, "examine", examine)
    found = resolve(projects(*"abcdef"), config(root), environ(tmp_path))
    assert len({place(item) for item in found}) == 1
    assert len(read) == 1


def test_reading_and_finding_run_nothing_of_the_checkout(tmp_path: Path) -> None:
    """One sentinel for every vector: .pth lines, sitecustomize, a fake interpreter, git's fsmonitor."""
    root = tmp_path / "mono"
    sentinel = tmp_path / "sentinel"
    run = f"open({str(sentinel)!r}, 'w').close()"
    prefix = make(root / "a/.venv")
    site = next(prefix.glob("lib/python*/site-packages"))
    write(
        site,
        {
            "evil.pth": f"import sys; exec({run!r}); sys.path.append('/')\n",
            "sitecustomize.py": run,
            "__editable___x_finder.py": f"{run}\nMAPPING = {{'x': '/x'}}\n",
            "__editable__.x.pth": "import __editable___x_finder; __editable___x_finder.install()\n",
        },
    )
    fake = make(root / "b/.venv")
    (fake / "bin/python").unlink()
    (fake / "bin/python").write_text(f"#!/bin/sh\ntouch {sentinel}\n", encoding="utf-8")
    (fake / "bin/python").chmod(0o755)
    write(root, {name: run for name in ("sitecustomize.py", "mypy.py", "a/conftest.py", "a/json.py", "setup.py")})
    call("git", "init", "-q", cwd=root)
    call("git", "add", "-A", "-f", cwd=root)
    call("git", "config", "core.fsmonitor", f"touch {sentinel}", cwd=root)
    a, b = resolve(projects("a", "b"), config(root), environ(tmp_path))
    assert not sentinel.exists()
    assert a.environment is not None and a.environment.health is Health.WARNING
    assert "evil.pth" in a.environment.reason and "not trusted" in a.environment.reason
    assert b.environment is None or b.environment.health is not Health.BROKEN
    assert not sentinel.exists()


def test_last_resort_start_happens_only_in_a_trusted_environment_and_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    root = tmp_path / "mono"
    prefix = make(root / "a/.venv")
    site = next(prefix.glob("lib/python*/site-packages"))
    added = tmp_path / "added"
    added.mkdir()
    write(site, {"dynamic.pth": f"import sys; sys.path.append({str(added)!r})\n"})
    write(root, {".gitignore": ".venv\n"})
    call("git", "init", "-q", cwd=root)
    memo = TextMemo()
    (first,) = resolve(projects("a"), config(root), environ(tmp_path), memo)
    assert first.environment is not None
    assert str(added) in first.environment.search_path
    assert "interpreter was started" in first.environment.reason
    # The answer is kept: no second start while nothing changes.
    started: list[object] = []
    monkeypatch.setattr(subprocess, "run", lambda *args, **more: started.append(args))
    (again,) = resolve(projects("a"), config(root), environ(tmp_path), memo)
    assert again == first and not started
    monkeypatch.undo()
    call("git", "add", "-f", "a/.venv/pyvenv.cfg", cwd=root)
    (refused,) = resolve(projects("a"), config(root), environ(tmp_path))
    assert refused.environment is not None and refused.environment.health is Health.WARNING
    assert "git index" in refused.environment.reason
    assert str(added) not in refused.environment.search_path
    (allowed,) = resolve(projects("a"), config(root), environ(tmp_path), trusted=True)
    assert allowed.environment is not None and str(added) in allowed.environment.search_path


def test_last_resort_start_is_bounded(tmp_path: Path) -> None:
    from pyfmt.environments import ask_interpreter  # pylint: disable=import-outside-toplevel

    slow = tmp_path / "python"
    slow.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    slow.chmod(0o755)
    with pytest.raises(ask_interpreter.StartError, match="within 0.2 s"):
        ask_interpreter.ask_search_path(str(slow), 0.2)
    with pytest.raises(ask_interpreter.StartError, match="could not be started"):
        ask_interpreter.ask_search_path(os.fspath(tmp_path / "nothing"))
