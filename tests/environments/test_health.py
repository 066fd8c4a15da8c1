"""Each broken state of an environment is recognised, and named with its cure."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pyfmt.core.errors import VirtualenvError
from pyfmt.core.model import Environment, Health
from pyfmt.environments.reading import read
from pyfmt.environments.resolve import resolve
from tests.environments.places import call, config, own_search_path, projects, pyproject, write
from tests.support.pythons import require_python


@pytest.fixture(name="base")
def _base(tmp_path: Path) -> Path:
    """A base interpreter that tests may damage: links to a real one, with its standard library."""
    return fake_base(tmp_path / "base", "3.11")


def fake_base(folder: Path, version: str) -> Path:
    """A Python installation whose binary and library are links; gives its bin/python3."""
    real = Path(call(require_python(version), "-I", "-c", "import sys; print(sys.base_prefix)").strip())
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    (folder / "lib").mkdir(exist_ok=True)
    binary = folder / f"bin/python{version}"
    shutil.copy((real / f"bin/python{version}").resolve(), binary)
    (folder / f"lib/python{version}").symlink_to(real / f"lib/python{version}")
    generic = folder / "bin/python3"
    generic.unlink(missing_ok=True)
    generic.symlink_to(f"python{version}")
    return generic


def make(python: Path, prefix: Path, *options: str) -> Path:
    call(python, "-m", "venv", "--without-pip", *options, prefix)
    return prefix


def broken(prefix: Path, root: Path) -> Environment:
    """The environment, which must be broken with a cause and a cure."""
    environment = read(prefix, root)
    assert environment.health is Health.BROKEN
    assert environment.reason and environment.cure
    assert "\n" not in environment.reason
    return environment


def test_healthy(tmp_path: Path, base: Path) -> None:
    environment = read(make(base, tmp_path / ".venv"), tmp_path)
    assert (environment.health, environment.reason, environment.cure) == (Health.OK, "", "")


def test_no_such_folder(tmp_path: Path) -> None:
    assert "no such folder" in broken(tmp_path / "nowhere", tmp_path).reason


def test_dangling_interpreter(tmp_path: Path, base: Path) -> None:
    prefix = make(base, tmp_path / ".venv")
    shutil.rmtree(base.parent.parent)
    environment = broken(prefix, tmp_path)
    assert "dangling link" in environment.reason and str(base.parent) in environment.reason
    assert "3.11" in environment.cure
    assert environment.python.short == "3.11"


def test_copied_interpreter_without_its_base(tmp_path: Path, base: Path) -> None:
    prefix = make(base, tmp_path / ".venv", "--copies")
    assert read(prefix, tmp_path).health is Health.OK
    shutil.rmtree(base.parent.parent)
    assert "standard library" in broken(prefix, tmp_path).reason


def test_no_interpreter(tmp_path: Path, base: Path) -> None:
    prefix = make(base, tmp_path / ".venv")
    shutil.rmtree(prefix / "bin")
    assert "no interpreter" in broken(prefix, tmp_path).reason


def test_no_pyvenv_cfg(tmp_path: Path, base: Path) -> None:
    prefix = make(base, tmp_path / ".venv")
    (prefix / "pyvenv.cfg").unlink()
    # It would run, as the base, and silently without the project's packages.
    assert str(prefix) not in "".join(own_search_path(prefix / "bin/python"))
    assert "no pyvenv.cfg" in broken(prefix, tmp_path).reason


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root can read everything")
def test_unreadable_pyvenv_cfg(tmp_path: Path, base: Path) -> None:
    prefix = make(base, tmp_path / ".venv")
    (prefix / "pyvenv.cfg").chmod(0)
    assert "cannot be read" in broken(prefix, tmp_path).reason


def test_base_replaced_by_another_minor_version(tmp_path: Path, base: Path) -> None:
    prefix = make(base, tmp_path / ".venv")
    site = next(prefix.glob("lib/python*/site-packages"))
    link = prefix / "bin/python"
    link.unlink()
    link.symlink_to(base)
    assert read(prefix, tmp_path).health is Health.OK
    fake_base(base.parent.parent, "3.12")
    # It starts, but with none of its packages.
    assert str(site) not in own_search_path(prefix / "bin/python")
    environment = broken(prefix, tmp_path)
    assert "3.12 now" in environment.reason and "3.11" in environment.reason
    assert environment.python.short == "3.11"


def test_site_packages_of_another_version(tmp_path: Path, base: Path) -> None:
    prefix = make(base, tmp_path / ".venv")
    (prefix / "lib/python3.11").rename(prefix / "lib/python3.12")
    assert "no lib/python3.11/site-packages" in broken(prefix, tmp_path).reason


def test_moved_and_copied_environment_is_a_warning(tmp_path: Path, base: Path) -> None:
    prefix = make(base, tmp_path / "old")
    shutil.copytree(prefix, tmp_path / "copy", symlinks=True)
    prefix.rename(tmp_path / "new")
    for place in ("copy", "new"):
        environment = read(tmp_path / place, tmp_path)
        assert environment.health is Health.WARNING
        assert str(prefix) in environment.reason and "-m" in environment.cure
        assert list(environment.search_path) == own_search_path(tmp_path / place / "bin/python")


def test_link_to_an_environment_is_no_copy(tmp_path: Path, base: Path) -> None:
    make(base, tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    environment = read(tmp_path / "link", tmp_path)
    assert environment.health is Health.OK, environment.reason
    assert environment.prefix == str(tmp_path / "real")


def test_wrong_home_is_a_warning(tmp_path: Path) -> None:
    # A real base: with a wrong home Python falls back to the prefix that is compiled in.
    prefix = make(require_python("3.11"), tmp_path / ".venv")
    configuration = prefix / "pyvenv.cfg"
    lines = configuration.read_text(encoding="utf-8").splitlines()
    changed = ["home = /nowhere/bin" if line.startswith("home") else line for line in lines]
    configuration.write_text("\n".join(changed), encoding="utf-8")
    environment = read(prefix, tmp_path)
    assert environment.health is Health.WARNING
    assert "/nowhere/bin" in environment.reason
    assert list(environment.search_path) == own_search_path(prefix / "bin/python")


@pytest.mark.parametrize("content", ["", "version = banana\n", "\x00\xff=\n===\n"])
def test_damaged_configuration_never_raises(tmp_path: Path, base: Path, content: str) -> None:
    prefix = make(base, tmp_path / ".venv")
    (prefix / "pyvenv.cfg").write_text(content, encoding="latin-1")
    environment = read(prefix, tmp_path)
    assert environment.health in Health
    if environment.health is not Health.BROKEN:
        assert environment.python.short == "3.11"


def test_broken_candidates_are_passed_over_with_cause_and_cure(tmp_path: Path) -> None:
    write(tmp_path, {"a/pyproject.toml": "[tool.uv]\n"})
    make(require_python("3.11"), tmp_path / "a/.venv")
    (tmp_path / "a/.venv/pyvenv.cfg").unlink()
    (tmp_path / "a/venv").symlink_to("/nowhere/at/all")
    good = make(require_python("3.11"), tmp_path / "a/env")
    (resolution,) = resolve(projects("a"), config(tmp_path), {"HOME": str(tmp_path)})
    assert resolution.environment is not None
    assert resolution.environment.prefix == str(good) and resolution.rule == "env"
    first, second = resolution.passed_over
    assert (first.prefix, first.rule) == (str(tmp_path / "a/.venv"), "uv")
    assert "pyvenv.cfg" in first.reason and "uv sync --project a" in first.cure
    assert second.prefix == str(tmp_path / "a/venv") and second.reason and second.cure


def test_explicit_setting_that_is_no_environment_is_an_error(tmp_path: Path) -> None:
    make(require_python("3.11"), tmp_path / "a/.venv")
    make(require_python("3.11"), tmp_path / "damaged")
    (tmp_path / "damaged/pyvenv.cfg").unlink()
    for value in ("nowhere", "damaged", "a"):
        with pytest.raises(VirtualenvError) as caught:
            resolve(projects("a"), config(tmp_path, [("a", value)]), {"HOME": str(tmp_path)})
        assert value in caught.value.what and caught.value.cure


def test_explicit_setting_wins_by_path_and_by_name(tmp_path: Path) -> None:
    make(require_python("3.11"), tmp_path / "x/a/.venv")
    chosen = make(require_python("3.11"), tmp_path / "chosen")
    for key in ("x/a", "a", "./x/a/"):
        for value in ("chosen", str(chosen), "chosen/bin/python"):
            found = resolve(projects("x/a"), config(tmp_path, [(key, value)]), {"HOME": str(tmp_path)})
            assert found[0].rule == "setting"
            assert found[0].environment is not None and found[0].environment.prefix == str(chosen)


def test_an_interpreters_own_prefix_is_an_environment_where_the_configuration_names_it(tmp_path: Path) -> None:
    """A container has its packages in /usr/local, a dev container in an interpreter's prefix."""
    python = require_python("3.12")
    script = "import sys; print(sys.base_prefix); print('.'.join(map(str, sys.version_info[:3])))"
    prefix, version = call(python, "-c", script).splitlines()
    write(tmp_path, {"a/pyproject.toml": pyproject("a"), "b/pyproject.toml": pyproject("b")})
    wanted = projects("a", "b")
    shell = {"HOME": str(tmp_path), "VIRTUAL_ENV": prefix}
    for value in (prefix, str(python)):
        found = resolve(wanted, config(tmp_path, [("b", value)]), shell)
        assert found[0].environment is None  # the shell's word is not enough
        environment = found[1].environment
        assert environment is not None and environment.health is Health.OK and found[1].rule == "setting"
        assert str(environment.python) == version
        assert list(environment.search_path) == own_search_path(Path(prefix, "bin/python"), {"HOME": str(tmp_path)})
        assert "pip" in {item.name for item in environment.distributions}
