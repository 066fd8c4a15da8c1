"""A warm run says what a cold one would, whatever happened to the files or to the cache in between."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pyfmt.tools.mypy.worker import cache
from tests.conftest import MakeEnvironment, MakeMonorepo
from tests.support.careful_loop import Said
from tests.support.monorepo import Monorepo
from tests.tools.mypy.checking import Checker, said, sound
from tests.tools.mypy.test_mypy_against_loop import ACME, service

FILES = {
    "p/pyproject.toml": service("p"),
    "p/base.py": "def f() -> int:\n    return 1\n",
    "p/user.py": "import base\n\nx: int = base.f()\n",
}


def _lines(found: set[Said]) -> set[tuple[str, int, str]]:
    return {(path, line, rule) for path, line, rule, _ in found}


def _checker(tree: Monorepo, environment: str, cache: Path) -> Checker:
    return Checker(tree, {"p": environment}, cache=cache)


def _rewrite(path: Path, text: str) -> None:
    """Another text with the same size and modification time."""
    before = path.stat()
    assert len(text.encode()) == before.st_size, "the point is an equal size"
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _rows(cache: Path) -> set[tuple[str, float, bytes]]:
    """What mypy has stored, but for the note of its plugins, which it writes anew each time."""
    rows: set[tuple[str, float, bytes]] = set()
    for path in cache.rglob("*.db"):
        with closing(sqlite3.connect(path)) as database:
            rows.update(database.execute("SELECT path, mtime, data FROM files2"))
    return {row for row in rows if not row[0].startswith("@plugins_snapshot")}


def test_an_edit_of_the_same_size_in_the_same_second_is_seen(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path
) -> None:
    tree = monorepo(FILES)
    checker = _checker(tree, str(kept_environment().prefix), tmp_path / "cache")
    assert sound(checker.check()) == set()

    _rewrite(tree.root / "p/base.py", "def f() -> str:\n    return 1\n")

    assert _lines(sound(checker.check())) == {("p/base.py", 2, "return-value"), ("p/user.py", 3, "assignment")}


def test_such_an_edit_in_a_library_that_is_only_imported_is_seen(monorepo: MakeMonorepo, tmp_path: Path) -> None:
    tree = monorepo(
        ACME | {"p/pyproject.toml": service("p"), "p/user.py": "from acme.events import Event\n\nx: int = Event.size\n"}
    )
    tree.environment("p", editable=["lib/events"])
    checker = _checker(tree, "p/.venv", tmp_path / "cache")
    assert sound(checker.check()) == set()

    _rewrite(tree.root / "lib/events/acme/events/__init__.py", "class Event:\n    size: str = 0\n")

    assert _lines(sound(checker.check())) == {("p/user.py", 3, "assignment")}


def test_a_reinstalled_package_of_the_same_size_and_time_is_seen(monorepo: MakeMonorepo, tmp_path: Path) -> None:
    tree = monorepo({"p/pyproject.toml": service("p"), "p/user.py": "import typed\n\nx: int = typed.y\n"})
    package = tree.environment("p").site_packages / "typed"
    package.mkdir()
    (package / "py.typed").touch()
    module = package / "__init__.py"
    module.write_text("y: int\n", encoding="utf-8")
    checker = _checker(tree, "p/.venv", tmp_path / "cache")
    assert sound(checker.check()) == set()

    before = module.stat()
    fresh = package / "fresh"
    fresh.write_text("y: str\n", encoding="utf-8")
    os.utime(fresh, ns=(before.st_atime_ns, before.st_mtime_ns))
    fresh.replace(module)

    assert _lines(sound(checker.check())) == {("p/user.py", 3, "assignment")}


def test_a_warm_run_repeats_the_cold_one_and_leaves_the_cache_as_it_is(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path
) -> None:
    tree = monorepo(FILES | {"p/wrong.py": "import base, nope\n\ny: str = base.f()\n"})
    checker = _checker(tree, str(kept_environment().prefix), tmp_path / "cache")
    cold = checker.check()
    kept = _rows(tmp_path / "cache")
    assert kept

    warm = checker.check()

    assert warm == cold and len(cold.findings) == 2
    assert _rows(tmp_path / "cache") == kept, "a run that believes its cache has nothing to write"


def test_modules_that_appear_and_vanish_count(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path
) -> None:
    tree = monorepo(FILES | {"p/other.py": "import later\n\nz: str = later.a\n"})
    checker = _checker(tree, str(kept_environment().prefix), tmp_path / "cache")
    assert _lines(sound(checker.check())) == {("p/other.py", 1, "import-not-found")}

    tree.write({"p/later.py": "a = 1\n"})
    assert _lines(sound(checker.check())) == {("p/other.py", 3, "assignment")}

    (tree.root / "p/base.py").unlink()
    assert ("p/user.py", 1, "import-not-found") in _lines(sound(checker.check()))


PACKAGE = {
    "p/pyproject.toml": service("p"),
    "p/package/__init__.py": "",
    "p/package/shapes.py": "from package.words import a\n\nb: int = a\n",
    "p/package/words.py": "a = ''\n",
    "p/user.py": "from package import later\n\nx: str = later.a\n",
}


def test_a_name_of_a_package_that_becomes_a_module_is_seen(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path
) -> None:
    tree = monorepo(PACKAGE)
    checker = _checker(tree, str(kept_environment().prefix), tmp_path / "cache")
    always = {("p/package/shapes.py", 3, "assignment")}
    assert _lines(sound(checker.check())) == always | {("p/user.py", 1, "attr-defined")}
    kept = _stored(tmp_path / "cache")

    tree.write({"p/package/later.py": "a = 1\n"})
    assert _lines(sound(checker.check())) == always | {("p/user.py", 3, "assignment")}
    changed = {row for row, data in _stored(tmp_path / "cache").items() if kept.get(row) != data}
    assert {row.partition(".")[0] for row in changed} == {"user", "package/later"}, "all else is still believed"

    (tree.root / "p/package/later.py").unlink()
    (tree.root / "p/user.py").unlink()
    assert _lines(sound(checker.check())) == always
    tree.write({name: PACKAGE[name] for name in ("p/user.py",)} | {"p/package/later.py": "a = 1\n"})
    assert _lines(sound(checker.check())) == always | {("p/user.py", 3, "assignment")}


@pytest.mark.parametrize("defined", ["def retry() -> int: ...", "if True:\n    retry = print", "class retry: ..."])
def test_what_is_named_like_a_module_of_its_package_stays_what_it_is(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path, defined: str
) -> None:
    files: dict[str, str | bytes] = {
        "a/pyproject.toml": service("a"),
        "a/src/pkg/__init__.pyi": f"{defined}\n",
        "a/src/pkg/retry.py": "",
        "a/src/mid.py": "from pkg import retry as again\n",
        "a/src/far.py": "from mid import *\n\nclass Holder:\n    from mid import again\n",
        "a/src/deep/__init__.py": "from . import held\n",
        "a/src/deep/held.py": "from pkg import retry\n",
        "a/src/use.py": "import deep\nimport pkg.retry\nfrom far import Holder, again\n"
        "from mid import again as second\n"
        "print(again(), second(), deep.held.retry(), Holder.again)\n",
    }
    tree = monorepo(files)
    environments = {"a": str(kept_environment().prefix)}
    for number in range(3):  # each with what those before have kept
        tree.write({"a/src/use.py": f"{files['a/src/use.py']!s}x{number}: str = 1\n"})
        reading = Checker(tree, environments, cache=tmp_path / "cache").check()
        assert said(reading.findings) == said(Checker(tree, environments).check().findings)
        assert {each[:3] for each in sound(reading)} >= {("a/src/use.py", 6, "assignment")}
        assert not [each for each in reading.findings if "Module" in each.message], number


def test_a_name_that_no_other_file_imports_as_a_module_any_more_is_seen(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path
) -> None:
    """mypy says nothing of the unknown name while another file has an error of its own for it."""
    tree = monorepo(PACKAGE | {"p/other.py": "import package.later\n"})
    checker = _checker(tree, str(kept_environment().prefix), tmp_path / "cache")
    always = {("p/package/shapes.py", 3, "assignment")}
    assert _lines(sound(checker.check())) == always | {("p/other.py", 1, "import-not-found")}

    tree.write({"p/other.py": "import package\n"})
    assert _lines(sound(checker.check())) == always | {("p/user.py", 1, "attr-defined")}
    tree.write({"p/other.py": "import package.later\n"})
    assert _lines(sound(checker.check())) == always | {("p/other.py", 1, "import-not-found")}


def test_a_stub_that_becomes_a_module_with_the_same_content_is_seen(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path
) -> None:
    tree = monorepo({"p/pyproject.toml": service("p"), "p/shapes.pyi": "def area() -> int: ...\n"})
    checker = _checker(tree, str(kept_environment().prefix), tmp_path / "cache")
    assert _lines(sound(checker.check())) == set()

    (tree.root / "p/shapes.pyi").replace(tree.root / "p/shapes.py")
    assert _lines(sound(checker.check())) == {("p/shapes.py", 1, "empty-body")}


def _stored(cache: Path) -> dict[str, bytes]:
    return {path: data for path, _, data in _rows(cache)}


def test_a_damaged_cache_is_forgotten(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path
) -> None:
    tree = monorepo(FILES | {"p/wrong.py": "import base\n\ny: str = base.f()\n"})
    checker = _checker(tree, str(kept_environment().prefix), tmp_path / "cache")
    cold = checker.check()
    for path in (tmp_path / "cache").rglob("*.db"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(bytes(data))

    assert checker.check() == cold


def test_damage_that_only_mypy_stumbles_over_costs_one_retry(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path
) -> None:
    """The checksums are made to fit, as if the damage had been written by the last run itself."""
    tree = monorepo(FILES | {"p/wrong.py": "import base\n\ny: str = base.f()\n"})
    checker = _checker(tree, str(kept_environment().prefix), tmp_path / "cache")
    cold = checker.check()
    (home,) = (path.parent for path in (tmp_path / "cache").rglob("pyfmt.json"))
    for path in home.rglob("*.db"):
        path.write_bytes(b"SQLite format 3\x00" + b"\x07" * 5000)
    manifest = json.loads((home / "pyfmt.json").read_text())
    manifest["checks"] = cache.checks(str(home / "mypy"))  # pylint: disable=protected-access  # to forge them
    (home / "pyfmt.json").write_text(json.dumps(manifest))

    assert checker.check() == cold


def test_a_cache_of_another_tree_is_not_believed(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path
) -> None:
    wrong = FILES | {"p/wrong.py": "import base\n\ny: str = base.f()\n"}
    first, second = monorepo(wrong), monorepo(wrong)
    environment = str(kept_environment().prefix)
    expected = sound(_checker(first, environment, tmp_path / "cache").check())
    shutil.rmtree(first.root)

    assert sound(_checker(second, environment, tmp_path / "cache").check()) == expected


def test_a_cache_that_another_process_uses_is_left_alone(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path
) -> None:
    tree = monorepo(FILES)
    checker = _checker(tree, str(kept_environment().prefix), tmp_path / "cache")
    checker.check()
    before = _rows(tmp_path / "cache")
    (lock,) = (tmp_path / "cache").rglob("run*.lock")
    with lock.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        tree.write({"p/base.py": "def f() -> str:\n    return ''\n"})
        assert _lines(sound(checker.check())) == {("p/user.py", 3, "assignment")}
    assert _rows(tmp_path / "cache") == before


def test_a_folder_that_cannot_be_written_is_a_note(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("no folder", encoding="utf-8")
    tree = monorepo(FILES | {"p/wrong.py": "x: int = ''\n"})
    reading = _checker(tree, str(kept_environment().prefix), tmp_path / "cache").check()

    assert _lines(sound(reading)) == {("p/wrong.py", 1, "assignment")}
    assert any("cache cannot be kept" in note for note in reading.notes)
