"""The fingerprint changes exactly with what tools can see, and is the same on another machine and at another path."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pyfmt.core.memo import TextMemo
from pyfmt.environments.reading import read
from tests.environments.places import EDITABLE_KINDS, call, uv, write
from tests.support.pythons import require_python

PACKAGES = ("six==1.16.0", "attrs==23.2.0")


def make(prefix: Path, *requirements: str | Path, python: str = "3.11") -> Path:
    call(uv(), "venv", "--no-project", "--python", require_python(python), prefix)
    install(prefix, *requirements)
    return prefix


def install(prefix: Path, *requirements: str | Path, tool: str = "uv") -> None:
    if not requirements:
        return
    python = prefix / "bin/python"
    if tool == "uv":
        call(uv(), "pip", "install", "--python", python, *requirements)
    else:
        call(require_python("3.11"), "-m", "pip", "--python", python, "install", "-q", *requirements)


def uninstall(prefix: Path, *names: str) -> None:
    call(uv(), "pip", "uninstall", "--python", prefix / "bin/python", *names)


def first(prefix: Path, root: Path) -> str:
    """The key under which what is read of an environment is kept: tier 1, and where it lies."""
    memo = TextMemo()
    read(prefix, root, memo)
    return next(iter(memo))


@pytest.fixture(name="prefix")
def _prefix(tmp_path: Path) -> Path:
    return make(tmp_path / "mono/.venv", *PACKAGES)


def test_both_tiers_change_with_installs_upgrades_and_uninstalls(prefix: Path) -> None:
    root = prefix.parent
    steps: list[Callable[[], None]] = [
        lambda: install(prefix, "idna==3.6"),
        lambda: install(prefix, "idna==3.7"),
        lambda: uninstall(prefix, "six"),
        lambda: install(prefix, "six==1.16.0", tool="pip"),
    ]
    seen = [(first(prefix, root), read(prefix, root).fingerprint)]
    for step in steps:
        step()
        seen.append((first(prefix, root), read(prefix, root).fingerprint))
        assert seen[-1][0] != seen[-2][0] and seen[-1][1] != seen[-2][1]
    # Back to what it was: tier 2 tells contents, not history; tier 1 is only of this moment.
    uninstall(prefix, "idna")
    assert read(prefix, root).fingerprint == seen[0][1]


def test_neither_tier_changes_where_nothing_does(prefix: Path) -> None:
    root = prefix.parent
    before = (first(prefix, root), read(prefix, root).fingerprint)
    install(prefix, *PACKAGES)
    install(prefix, *PACKAGES, tool="pip")
    call(prefix / "bin/python", "-c", "import six, attr")
    call(prefix / "bin/python", "-m", "compileall", "-q", prefix)
    assert (first(prefix, root), read(prefix, root).fingerprint) == before


def test_reinstall_changes_tier_1_only(prefix: Path) -> None:
    root = prefix.parent
    before = (first(prefix, root), read(prefix, root).fingerprint)
    call(uv(), "pip", "install", "--reinstall", "--python", prefix / "bin/python", *PACKAGES)
    assert first(prefix, root) != before[0]
    assert read(prefix, root).fingerprint == before[1]


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_same_at_another_path_and_with_another_installer(tmp_path: Path, tool: str) -> None:
    prints = []
    for place in ("one/mono", "another/much/longer/mono"):
        root = tmp_path / place
        folders: list[str | Path] = []
        for name, files in EDITABLE_KINDS.items():
            folders += ["-e", write(root / "libs" / name.replace(" ", "_").replace(",", ""), files)]
        prefix = make(root / "svc/a/.venv")
        install(prefix, *PACKAGES, "editables", *folders, tool="uv" if place.startswith("one") else tool)
        prints.append(read(prefix, root).fingerprint)
    assert prints[0] == prints[1]


def test_same_for_an_environment_outside_the_root(tmp_path: Path) -> None:
    prints = []
    for place in ("one", "two"):
        root = tmp_path / place / "mono"
        lib = write(root / "lib", EDITABLE_KINDS["hatchling"])
        prefix = make(tmp_path / place / "cache" / "envs" / "x")
        install(prefix, "-e", lib)
        prints.append(read(prefix, root).fingerprint)
    assert prints[0] == prints[1]


def test_python_of_another_minor_version_counts(tmp_path: Path) -> None:
    one, two = make(tmp_path / "a", *PACKAGES), make(tmp_path / "b", *PACKAGES, python="3.12")
    assert read(one, tmp_path).fingerprint != read(two, tmp_path).fingerprint


def test_editable_and_plain_installs_of_one_library_differ(tmp_path: Path) -> None:
    lib = write(tmp_path / "lib", EDITABLE_KINDS["hatchling"])
    prints = set()
    kinds: list[tuple[str, list[str | Path]]] = [("none", []), ("plain", [lib]), ("editable", ["-e", lib])]
    for name, arguments in kinds:
        prefix = make(tmp_path / name)
        install(prefix, *arguments)
        prints.add(read(prefix, tmp_path).fingerprint)
    assert len(prints) == 3


def test_stray_modules_and_pth_lines_count(prefix: Path) -> None:
    root = prefix.parent
    site = next(prefix.glob("lib/python*/site-packages"))
    seen = [read(prefix, root).fingerprint]

    def changed() -> bool:
        seen.append(read(prefix, root).fingerprint)
        return seen[-1] not in seen[:-1]

    write(site, {"stray.py": "X = 1\n"})
    assert changed()
    write(site, {"stray.py": "X = 2\n"})
    assert changed()
    write(site, {"folder/module.py": ""})
    assert changed()
    (root / "extra").mkdir()
    write(site, {"extra.pth": f"{root}/extra\n"})
    assert changed()
    (root / "extra").rmdir()  # the entry is dropped from sys.path then
    assert read(prefix, root).fingerprint == seen[-2]


def test_hardlinking_another_environment_does_not_change_tier_1(prefix: Path, tmp_path: Path) -> None:
    before = first(prefix, prefix.parent)
    shutil.copytree(prefix, tmp_path / "other", symlinks=True, copy_function=os.link)
    assert first(prefix, prefix.parent) == before


def test_memo_is_used_while_tier_1_holds_and_gives_the_same_value(prefix: Path) -> None:
    root = prefix.parent
    plain = read(prefix, root)
    memo = TextMemo()
    assert read(prefix, root, memo) == plain
    assert len(memo) == 2  # and what its inputs were
    key, value = next(iter(memo.items()))
    assert read(prefix, root, memo) == plain
    memo[key] = value.replace(plain.fingerprint, "remembered")
    remembered = read(prefix, root, memo)
    assert remembered.fingerprint == "remembered" and remembered.distributions == plain.distributions
    memo[key] = "damaged"
    assert read(prefix, root, memo) == plain
    install(prefix, "idna==3.6")
    assert read(prefix, root, memo) == read(prefix, root) != plain


def test_no_path_and_no_time_is_in_it(prefix: Path) -> None:
    value = read(prefix, prefix.parent).fingerprint
    assert len(value) == 64 and set(value) <= set("0123456789abcdef")
    site = next(prefix.glob("lib/python*/site-packages"))
    for entry in site.rglob("*"):
        os.utime(entry, (1, 1))
    assert read(prefix, prefix.parent).fingerprint == value
