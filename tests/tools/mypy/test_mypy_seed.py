"""New cache folders begin with the standard library's share of one made before, and no answer depends on it."""

from __future__ import annotations

import fcntl
import json
import sqlite3
import zlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cache.comparing import timeless
from tests.conftest import MakeEnvironment, MakeMonorepo
from tests.support.monorepo import Monorepo
from tests.tools.mypy.checking import Checker, sound
from tests.tools.mypy.test_mypy_against_loop import service

# What the first project imports and the second does not: found in the second's cache, it came from the seed.
ONLY_FIRST = "decimal"
FILES = {
    "p/pyproject.toml": service("p"),
    "p/a.py": f"""
        import asyncio, logging, queue, subprocess, unittest.mock
        import {ONLY_FIRST}

        x: int = {ONLY_FIRST}.Decimal(1)
        logging.getLogger().info(1, nope=2)
        asyncio.run(1)
        """,
    "q/pyproject.toml": service("q"),
    "q/b.py": """
        import json, logging, queue, subprocess

        y: int = json.dumps({})
        logging.getLogger().info(1, nope=2)
        z: str = queue.Queue[int]().get()
        subprocess.run(["a"], nope=1)
        """,
}


@pytest.fixture(name="prefixes")
def two_environments(kept_environment: MakeEnvironment) -> dict[str, str]:
    """An environment for each of the two projects; `p` is checked first."""
    return {"p": str(kept_environment().prefix), "q": str(kept_environment("attrs>=22").prefix)}


def _checker(tree: Monorepo, prefixes: Mapping[str, str], cache: Path | None) -> Checker:
    return Checker(tree, prefixes, cache=cache)


def _modules(folder: Path) -> set[str]:
    """What mypy's cache below `folder` holds, without the package's own folders: "json", "decimal"."""
    names = set[str]()
    for path in folder.rglob("*.db"):
        with closing(sqlite3.connect(path)) as database:
            names.update(name.partition(".")[0] for (name,) in database.execute("SELECT path FROM files2"))
    return names


def _unit(cache: Path, prefix: str) -> Path:
    """The cache folder of the unit in the environment at `prefix`."""
    (folder,) = (path for path in cache.iterdir() if Path(prefix).name in path.name)
    return folder


def _seed(cache: Path) -> Path:
    (folder,) = cache.glob("seed-*")
    return folder


def _units_but_not_seed(cache: Path) -> list[Path]:
    return [path for path in cache.iterdir() if not path.name.startswith("seed-")]


def _drop_units(cache: Path) -> None:
    for folder in _units_but_not_seed(cache):
        folder.rename(cache.parent / f"dropped-{folder.name}")


def test_a_second_environment_begins_with_what_the_first_has_found(
    monorepo: MakeMonorepo, prefixes: dict[str, str], tmp_path: Path
) -> None:
    tree, cache = monorepo(FILES), tmp_path / "cache"
    found = _checker(tree, prefixes, cache).check()

    assert ONLY_FIRST in _modules(_unit(cache, prefixes["q"])), "q's cache began empty"
    assert found == _checker(tree, prefixes, None).check()
    assert len(sound(found)) >= 6


def test_a_seed_holds_the_standard_library_only(
    monorepo: MakeMonorepo, prefixes: dict[str, str], tmp_path: Path
) -> None:
    tree, cache = monorepo(FILES), tmp_path / "cache"
    _checker(tree, {"p": prefixes["p"]}, cache).check()

    kept = _modules(_seed(cache))

    assert {"builtins", "typing", "asyncio/__init__", ONLY_FIRST} <= kept
    assert _modules(_unit(cache, prefixes["p"])) - kept == {"a", "@plugins_snapshot"}


def test_what_depends_on_a_module_of_the_checkout_stays_out(
    monorepo: MakeMonorepo, prefixes: dict[str, str], tmp_path: Path
) -> None:
    """In `p` another `queue` stands before the standard library's, also for the modules of that."""
    shadow = {"p/queue.py": "class Queue:\n    def get(self) -> str:\n        return ''\n\n\nclass Empty: ...\n"}
    tree, cache = monorepo(FILES | shadow), tmp_path / "cache"
    first = {"p": prefixes["p"]}
    _checker(tree, first, cache).check()

    assert {"queue", "concurrent/futures/thread"} <= _modules(
        _unit(cache, prefixes["p"])
    ), "the second imports the first"
    assert not {"queue", "concurrent/futures/thread"} & _modules(_seed(cache))
    assert ONLY_FIRST in _modules(_seed(cache))

    second = {"q": prefixes["q"]}
    found = _checker(tree, second, cache).check()
    assert found == _checker(tree, second, None).check()
    assert any("q/b.py" == path and line == 5 for path, line, *_ in sound(found)), "q has the real Queue"


def test_an_environment_that_shadows_a_module_of_the_seed_sees_its_own(
    monorepo: MakeMonorepo, prefixes: dict[str, str], tmp_path: Path
) -> None:
    shadow = {"q/queue.py": "class Queue:\n    def get(self) -> str:\n        return ''\n"}
    tree, cache = monorepo(FILES | shadow), tmp_path / "cache"
    found = _checker(tree, prefixes, cache).check()

    assert {"queue", "concurrent/futures/thread"} <= _modules(_seed(cache))
    assert found == _checker(tree, prefixes, None).check()


@pytest.mark.parametrize("spoiled", ["bytes", "manifest", "missing file"])
def test_a_damaged_seed_is_thrown_away(
    monorepo: MakeMonorepo, prefixes: dict[str, str], tmp_path: Path, spoiled: str
) -> None:
    tree, cache = monorepo(FILES), tmp_path / "cache"
    _checker(tree, {"p": prefixes["p"]}, cache).check()
    seed = _seed(cache)
    database = next(seed.rglob("*.db"))
    if spoiled == "bytes":
        data = bytearray(database.read_bytes())
        data[len(data) // 2] ^= 0xFF
        database.write_bytes(bytes(data))
    elif spoiled == "manifest":
        (seed / "seed.json").write_text("{")
    else:
        database.unlink()

    found = _checker(tree, {"q": prefixes["q"]}, cache).check()

    assert ONLY_FIRST not in _modules(_unit(cache, prefixes["q"])), "q's cache began with a damaged seed"
    assert found == _checker(tree, {"q": prefixes["q"]}, None).check()
    assert "json/__init__" in _modules(_seed(cache)), "it is not made anew"


def test_a_seed_that_mypy_stumbles_over_is_thrown_away(
    monorepo: MakeMonorepo, prefixes: dict[str, str], tmp_path: Path
) -> None:
    """The checksums fit, as if it had been written like that."""
    tree, cache = monorepo(FILES), tmp_path / "cache"
    _checker(tree, {"p": prefixes["p"]}, cache).check()
    manifest = _seed(cache) / "seed.json"
    known = json.loads(manifest.read_text())
    content = b"SQLite format 3\x00" + b"\x07" * 5000
    for name in known["checks"]:
        (manifest.parent / known["data"] / name).write_bytes(content)
        known["checks"][name] = [len(content), zlib.crc32(content)]
    manifest.write_text(json.dumps(known))

    found = _checker(tree, {"q": prefixes["q"]}, cache).check()

    assert found == _checker(tree, {"q": prefixes["q"]}, None).check()
    assert not manifest.exists()


def test_a_seed_that_another_process_writes_is_left_alone(
    monorepo: MakeMonorepo, prefixes: dict[str, str], tmp_path: Path
) -> None:
    tree, cache = monorepo(FILES), tmp_path / "cache"
    _checker(tree, {"q": prefixes["q"]}, cache).check()
    before = (_seed(cache) / "seed.json").read_text()
    with (_seed(cache) / "seed.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _checker(tree, {"p": prefixes["p"]}, cache).check()
        assert (_seed(cache) / "seed.json").read_text() == before
    _drop_units(cache)
    _checker(tree, {"p": prefixes["p"]}, cache).check()

    assert ONLY_FIRST in _modules(_seed(cache)), "what the first did not have is added"
    assert len([path for path in _seed(cache).iterdir() if path.is_dir()]) == 1, "the old one is removed"


def test_another_python_or_configuration_has_another_seed(
    monorepo: MakeMonorepo, prefixes: dict[str, str], tmp_path: Path
) -> None:
    tree, cache = monorepo(FILES | {"strict.ini": "[mypy]\nstrict = True\n"}), tmp_path / "cache"
    checker = _checker(tree, {"q": prefixes["q"]}, cache)
    checker.check()
    _drop_units(cache)

    replace(checker, config=tree.root / "strict.ini").check()

    assert len(list(cache.glob("seed-*"))) == 2


def test_plugins_have_no_seed(monorepo: MakeMonorepo, prefixes: dict[str, str], tmp_path: Path) -> None:
    plugin = "from mypy.plugin import Plugin\n\n\ndef plugin(version):\n    return Plugin\n"
    tree, cache = monorepo(FILES | {"plugin.py": plugin, "mypy.ini": "[mypy]\nplugins = plugin.py\n"}), tmp_path / "c"
    checker = Checker(tree, prefixes, config=tree.root / "mypy.ini", cache=cache, trusted=True)

    assert sound(checker.check())
    assert _units_but_not_seed(cache) and not list(cache.glob("seed-*"))


def test_a_process_for_each_request_makes_none(
    monorepo: MakeMonorepo, prefixes: dict[str, str], tmp_path: Path
) -> None:
    tree, cache = monorepo(FILES), tmp_path / "cache"
    _checker(tree, prefixes, cache)
    Checker(tree, prefixes, cache=cache, fork=False).check()

    assert _units_but_not_seed(cache) and not list(cache.glob("seed-*"))


def test_a_whole_run_says_what_one_without_a_cache_says(monorepo: MakeMonorepo) -> None:
    settings = '[tool.pyfmt]\nprojects = ["p", "q"]\n'
    tree = monorepo(FILES | {"pyproject.toml": settings})
    tree.environment("p")
    tree.environment("q")
    without = tree.check("--tool", "mypy", "--no-cache", "--jobs", "1")[1]
    assert not list(tree.home.rglob("seed-*")), "--no-cache writes nothing"

    _, seeded = tree.check("--tool", "mypy", "--jobs", "1")

    (seed,) = tree.home.rglob("seed-*")
    assert sum(ONLY_FIRST in _modules(folder) for folder in _units_but_not_seed(seed.parent)) == 2
    assert json.dumps(timeless(seeded)) == json.dumps(timeless(without))
    assert len(seeded["findings"]) >= 6
