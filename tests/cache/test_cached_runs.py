"""Whole runs with the cache: what hits, what misses, and what is never remembered."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.cache.comparing import PATHS, difference, said, timeless
from tests.cache.little_monorepo import FILES, LittleMonorepo
from tests.support.monorepo import ROOT, Monorepo

VALUES = "lib/core/acme/core/values.py"
CACHE = ".cache"


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> LittleMonorepo:
    """The little monorepo after one whole run; its cache is in the tree."""
    made = LittleMonorepo(tmp_path_factory.mktemp("cached"))
    made.tree.write({"pyproject.toml": f'[tool.pyfmt]\nconfigs = "configs"\ncache-dir = "{CACHE}"\n'})
    made.tree.check()
    return made


@pytest.fixture
def tree(repo: LittleMonorepo) -> Iterator[Monorepo]:
    """The tree of `repo`, which is put back afterwards."""
    yield repo.tree
    repo.tree.write({name: text for name, text in FILES.items() if name != "pyproject.toml"})


def cached(report: dict[str, Any], tool: str = "") -> dict[str, bool]:
    """Whether each unit came from the cache, by its tool and projects."""
    units = [unit for unit in report["units"] if tool in ("", unit["tool"])]
    return {f"{unit['tool']} {' '.join(unit['projects'])}": unit["cached"] for unit in units}


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Everything in a folder, with times."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in found}


def test_with_nothing_to_do_no_tool_is_imported_and_no_process_started(tree: Monorepo) -> None:
    assert all(cached(tree.check()[1]).values())
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from pyfmt.cli.main import main; main(['check'])"
    code += "\nprint(sorted(sys.modules), file=sys.stderr)"
    code += "\nfrom pyfmt.runner import processes, server"
    done = subprocess.run(
        [sys.executable, "-P", "-c", _AUDIT + code],
        check=False,
        capture_output=True,
        text=True,
        cwd=tree.root,
        env=tree.environment_variables(),
    )
    assert "STARTED" not in done.stderr, done.stderr
    modules = done.stderr.strip().splitlines()[-1]
    assert "'pyfmt.run.pipeline'" in modules
    tools = ("black", "isort", "mypy", "pylint", "astroid", "virtualenv")
    idle = [*tools, *(f"pyfmt.tools.{tool}.release" for tool in tools)]  # no other release is chosen
    assert not [module for module in idle if f"'{module}'" in modules]


_AUDIT = """
import sys
def hook(event, arguments):
    if event in ("subprocess.Popen", "os.fork", "os.exec", "os.posix_spawn", "os.forkpty"):
        print("STARTED", event, arguments, file=sys.stderr)
sys.addaudithook(hook)
"""


@pytest.mark.parametrize("path", PATHS)
def test_a_part_after_the_whole_is_its_share_and_runs_nothing(tree: Monorepo, path: str) -> None:
    _, part = tree.check(path)
    assert part["units"] and all(cached(part).values())
    assert timeless(part) == timeless(tree.check("--no-cache", path)[1])


def test_without_the_cache_nothing_is_read_or_written(tree: Monorepo) -> None:
    tree.write({VALUES: "import os\n"})
    before = files(tree.root / CACHE)
    _, report = tree.check("--no-cache", "lib")
    assert not any(cached(report).values())
    assert files(tree.root / CACHE) == before
    moved = tree.root / "moved"
    (tree.root / CACHE).rename(moved)
    tree.run("format", "--check", "--no-cache", "lib").expect(0)
    assert not (tree.root / CACHE).exists()
    moved.rename(tree.root / CACHE)


def test_the_cache_holds_in_a_clone_with_environments_of_its_own(repo: LittleMonorepo, tmp_path: Path) -> None:
    place = tmp_path / "somewhere" / "else"
    shutil.copytree(repo.tree.root, place / "monorepo", ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    clone = object.__new__(LittleMonorepo)
    clone.tree, clone.wheels = Monorepo(place / "monorepo", repo.tree.home), repo.wheels
    for path in sorted(clone.tree.root.rglob("*.py")):
        os.utime(path)
    clone.make_environments()
    clone.tree.git("init", "--quiet")  # which shows that the cache did not come with it
    result, report = clone.tree.check()
    found = cached(report)
    assert found and all(found.values()), (found, clone.tree.run("explain", "-v", "projects/alpha/alpha/main.py"))
    for text in (result.stdout, clone.tree.run("check").stdout):
        assert str(repo.tree.root) not in text

    # Without `cache-dir`, too: what another checkout of this user knows is taken over, and kept.
    others = clone.tree.home / ".cache/pyfmt"
    others.mkdir(parents=True, exist_ok=True)  # it is there where an answer was old enough to be kept
    (clone.tree.root / CACHE).rename(others / "another")
    clone.tree.write({"pyproject.toml": '[tool.pyfmt]\nconfigs = "configs"\n'})
    assert cached(clone.tree.check()[1]) == found
    shutil.rmtree(others / "another")
    clone.tree.write({"pyproject.toml": '[tool.pyfmt]\nconfigs = "configs"\n\n'})
    assert cached(clone.tree.check()[1]) == found


def test_explain_says_what_has_changed(tree: Monorepo) -> None:
    file = "projects/alpha/alpha/main.py"
    told = tree.run("explain", "-v", file).expect(0).stdout
    assert told.count("hit") >= 2, told
    tree.write({VALUES: '"""Other."""\n', "lib/core/acme/core/new.py": ""})
    told = tree.run("explain", "-v", file).expect(0).stdout
    assert "miss" in told and VALUES in told and "lib/core/acme/core/new.py (new)" in told, told
    (tree.root / "lib/core/acme/core/new.py").unlink()


def formatters_miss(tree: Monorepo, file: str) -> set[str]:
    """What `explain` says of the formatters' cache: the first two lines of that kind."""
    lines = map(str.strip, tree.run("explain", "-v", file).expect(0).stdout.splitlines())
    return set([line for line in lines if line.startswith("cache ")][:2])


def test_explain_names_what_the_formatters_see_changed(tree: Monorepo) -> None:
    file, other = "projects/alpha/alpha/main.py", "projects/alpha/alpha/untidy.py"
    tree.write({other: "x  = 1\n"})
    tree.run("format", "--check").expect(1)
    assert formatters_miss(tree, file) == formatters_miss(tree, other) == {"cache   hit"}
    tree.write({other: "x   = 1\n"})
    assert formatters_miss(tree, other) == {f"cache   miss: changed since then: {other}"}
    before = tree.read("configs/black.toml")
    tree.write({"projects/alpha/alpha_more.py": "", "configs/black.toml": "[tool.black]\nline-length = 90\n"})
    (miss,) = formatters_miss(tree, file)
    changed = "black's configuration, the modules beside it, the project's layout"  # a module more is first party
    assert miss == f"cache   miss: changed since then: {changed}", miss
    tree.write({"configs/black.toml": before})
    for path in (other, "projects/alpha/alpha_more.py"):
        (tree.root / path).unlink()
    tree.run("cache", "clean").expect(0)
    assert formatters_miss(tree, file) == {"cache   miss: never run, or dropped from the cache"}


def test_which_file_of_a_project_speaks_to_mypy_is_remembered(tree: Monorepo) -> None:
    """A pyproject.toml with a section of mypy's, be it one that is not used, has setup.cfg passed over."""
    manifest, place = "projects/beta/pyproject.toml", "projects/beta/src/beta/main.py"
    before = tree.read(manifest)
    tree.write({"projects/beta/setup.cfg": "[mypy]\n[mypy-nothere.*]\nignore_missing_imports = True\n"})
    tree.write({place: tree.read(place) + "\n\nimport nothere\n\nprint(nothere)\n"})
    missing = [tree.check("--tool", "mypy", "projects/beta")[0].stdout.count("import-not-found")]
    tree.write({manifest: before + "\n[tool.mypy]\nwarn_unreachable = true\n"})
    missing.append(tree.check("--tool", "mypy", "projects/beta")[0].stdout.count("import-not-found"))
    assert missing[0] == 0 < missing[1]
    assert not difference(tree)
    tree.write({manifest: before})
    (tree.root / "projects/beta/setup.cfg").unlink()


def test_a_run_with_a_failure_is_not_remembered(tree: Monorepo) -> None:
    tree.write({"projects/beta/src/beta/main.py": '"""Other."""\n\nimport os\n'})
    _, failed = tree.check("--timeout", "0.01", "projects/beta")
    assert failed["failures"]
    _, report = tree.check("projects/beta")
    assert not report["failures"] and not any(cached(report, "mypy").values())


def test_what_changes_during_a_run_is_not_remembered(tree: Monorepo) -> None:
    original = (tree.root / VALUES).read_bytes()
    tree.write({"lib/core/acme/core/text.py": '"""Text."""\n\n\nclass Text:\n    """Other."""\n'})
    over = threading.Event()

    def disturb() -> None:
        while not over.wait(0.05):
            (tree.root / VALUES).write_bytes(b"import os\n")
            (tree.root / VALUES).write_bytes(original)

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        tree.check()
    finally:
        over.set()
        thread.join()
    (tree.root / VALUES).write_bytes(original)
    known = cached(tree.check("--tool", "mypy")[1])
    assert known.pop("mypy .")  # it has read nothing of what was written
    assert known and not any(known.values())


def test_a_module_that_is_there_only_during_a_run_is_not_remembered(tree: Monorepo) -> None:
    tree.write({"projects/beta/src/beta/helpers.py": '"""Helpers."""\n\nimport missing_module\n'})
    place = tree.root / "projects/beta/src/missing_module.py"
    place.write_text("")
    result: list[Any] = []
    with _removed_when(place, lambda: bool(result)):
        result.append(tree.check("--tool", "pylint", "--tool", "mypy", "projects/beta"))
    assert difference(tree, "projects/beta") == ""


class _removed_when:  # pylint: disable=invalid-name  # reads as a phrase
    """Removes a file as soon as the tools have been started, at the latest when the run is over."""

    def __init__(self, place: Path, over: Callable[[], bool]) -> None:
        self._place = place
        self._thread = threading.Timer(3, lambda: place.unlink(missing_ok=True))
        self._over = over

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.cancel()
        self._thread.join()
        self._place.unlink(missing_ok=True)
        assert self._over()


def test_a_name_of_a_package_that_becomes_a_module_is_seen(tree: Monorepo) -> None:
    """mypy 2.4 believes its own cache there: "beta has no attribute later" stays, the true error is never found."""
    place = tree.root / "projects/beta/src/beta/later.py"
    tree.write({"projects/beta/src/beta/helpers.py": "from beta import later\n\nx: str = later.a\n"})
    tree.check("--tool", "mypy", "projects/beta")
    place.write_text("a = 1\n")
    try:
        assert difference(tree, "--tool", "mypy", "projects/beta") == ""
    finally:
        place.unlink()


def test_two_at_once_say_the_same_as_one(tree: Monorepo) -> None:
    tree.write({VALUES: '"""Values."""\n\nimport os\n\n\nclass Value:\n    """Other."""\n'})
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda home: said(Monorepo(tree.root, home)), _homes(tree)))
    assert reports[0] == reports[1]
    assert all(cached(tree.check()[1]).values())
    assert said(tree) == reports[0] == said(tree, "--no-cache")


def _homes(tree: Monorepo) -> list[Path]:
    """Homes of their own, since each run writes its report there."""
    homes = [tree.home.parent / f"home{number}" for number in range(2)]
    for home in homes:
        home.mkdir(exist_ok=True)
    return homes


def test_a_file_whose_name_is_no_text_is_checked_and_remembered(tree: Monorepo) -> None:
    place = tree.root / os.fsdecode(b"projects/alpha/alpha/caf\xe9.py")
    place.write_text("import os\n")
    try:
        assert difference(tree, "projects/alpha") == ""
        assert difference(tree, "projects/alpha") == ""
    finally:
        place.unlink()


def test_show_dir_and_clean(tree: Monorepo) -> None:
    place = tree.root / CACHE
    assert tree.run("cache", "dir").expect(0).stdout == f"{place}\n"
    shown = tree.run("cache", "show").expect(0).stdout
    assert str(place) in shown and "results" in shown and "mypy" in shown
    (place / "of-somebody-else").write_text("")
    tree.run("cache", "clean").expect(0)
    # That it was made here must still be known.
    assert sorted(path.name for path in place.iterdir()) == ["made-in", "of-somebody-else"]
    (place / "of-somebody-else").unlink()
    assert "empty" in tree.run("cache", "show").expect(0).stdout
    tree.run("cache", "clean").expect(0)


def test_a_single_file_that_is_not_formatted_is_said_to_be_so_every_time(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, {"pyproject.toml": "[tool.pyfmt]\n", "script.py": "x = {  }\n"})
    first, again = tree.run("format", "--check"), tree.run("format", "--check")
    assert "would reformat script.py [black]" in again.expect(1).stdout
    assert first.stdout == again.stdout


def test_with_the_built_in_configuration_a_change_runs_only_the_project_that_can_see_it(tmp_path: Path) -> None:
    files = {f"{name}/{name}/__init__.py": f'"""Named {name}."""\n' for name in ("one", "two")}
    manifests = {f"{name}/pyproject.toml": f'[project]\nname = "{name}"\n' for name in ("one", "two")}
    tree = Monorepo.create(tmp_path, {"pyproject.toml": "[tool.pyfmt]\n", **files, **manifests})
    for name in ("one", "two"):
        tree.environment(name)
    tree.check()
    tree.write({"one/one/__init__.py": '"""Changed."""\n'})
    units = tree.check()[1]["units"]
    assert {project for unit in units if not unit["cached"] for project in unit["projects"]} == {"one"}


def test_of_a_manifest_only_what_tools_can_see_counts(tree: Monorepo) -> None:
    place = "projects/alpha/pyproject.toml"
    manifest = (tree.root / place).read_text()
    assert 'version = "1.0"' in manifest
    tree.check()
    tree.write({place: manifest.replace('version = "1.0"', 'version = "1.1"') + "\n[tool.other]\nkey = 1\n"})
    assert all(cached(tree.check()[1]).values())
    assert "cache   miss" not in tree.run("explain", "-v", "projects/alpha/alpha/main.py").stdout
    overrides = '\n[[tool.mypy.overrides]]\nmodule = "alpha.helpers"\nignore_errors = true\n'
    tree.write({place: f"{manifest}{overrides}"})
    told = tree.run("explain", "-v", "projects/alpha/alpha/main.py").stdout
    assert "miss: changed since then: what projects say to mypy" in told
    report = tree.check()[1]
    assert all(cached(report, "pylint").values()) and not all(cached(report, "mypy").values())
    assert not difference(tree)
    tree.write({place: f"{manifest}\n[tool.mypy\n"})  # a configuration that cannot be read is no clean project
    assert not difference(tree)
    requires = manifest.replace('requires-python = ">=3.10"', 'requires-python = ">=3.11"')
    assert requires != manifest
    tree.write({place: requires})
    assert not all(cached(tree.check()[1], "pylint").values())
    assert not difference(tree)


def test_files_that_are_imported_by_two_names_are_remembered_too(tmp_path: Path) -> None:
    """For mypy the second name is a link in a folder of pyfmt's own; what is asked there is asked where it leads."""
    files = {
        "pyproject.toml": "[tool.pyfmt]\n",
        "app/pyproject.toml": '[project]\nname = "app"\n',
        "app/src/shown/__init__.py": '"""Shown."""\n',
        "app/src/shown/voice.py": '"""Voice."""\n\nPITCH: int = 1\n',
        "app/tests/test_voice.py": '"""Tests."""\n\nfrom shown import voice\nfrom src.shown.voice import PITCH\n\n'
        "print(voice.PITCH, PITCH)\n",
    }
    tree = Monorepo.create(tmp_path, files)
    tree.environment("app")
    assert not any(cached(tree.check()[1], "mypy").values())
    _, again = tree.check()
    assert cached(again, "mypy") and all(cached(again, "mypy").values())
    for path, text in [
        ("app/src/shown/voice.py", '"""Voice."""\n\nPITCH: str = 1\n'),
        ("app/src/shown/voice.pyi", "PITCHES: int\n"),
        ("app/src/__init__.py", '"""A package."""\n'),
        ("app/tests/src/shown/voice.py", '"""Another."""\n'),
    ]:
        tree.write({path: text})
        assert not difference(tree), path
