"""`cache-dir` is the checkout's word: pyfmt writes, believes and removes nothing there that is not its own."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.end_to_end import trees
from tests.support.monorepo import Monorepo

UGLY = "print( 1 )\n"
CHECK = ("format", "--check", "--tool", "black")


@pytest.fixture(name="tree", scope="module")
def _tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    folder = tmp_path_factory.mktemp("cache")
    tree = trees.one_project(folder, {"app/__init__.py": '"""App."""\n', "app/ugly.py": UGLY})
    tree.write({".gitignore": ".venv\n"})
    return tree


def choose(tree: Monorepo, place: str) -> None:
    tree.write({"pyproject.toml": f'[tool.pyfmt]\ncache-dir = "{place}"\n'})


def contents(folder: Path) -> set[tuple[str, bytes]]:
    """The files below a folder."""
    return {(str(path), path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("place", ["../work", "linked"])
def test_nothing_outside_is_removed_or_written(tree: Monorepo, place: str) -> None:
    """Folders of tools are pruned two levels below it once they are old: those of others have such names, too."""
    work = tree.root.parent / "work"
    theirs = work / "mypy/mypy/typeshed/theirs.pyi"
    theirs.parent.mkdir(parents=True, exist_ok=True)
    theirs.write_text("")
    for path in (theirs, theirs.parent):
        os.utime(path, (time.time() - 30 * 86_400,) * 2)
    (tree.root / "linked").unlink(missing_ok=True)
    (tree.root / "linked").symlink_to("../work")
    choose(tree, place)
    result = tree.run(*CHECK).expect(1)
    tree.run("cache", "clean").expect(0)
    assert contents(work) == {(str(theirs), b"")}
    assert "note: cache-dir is not used: it leads out of the monorepo" in result.stdout, str(result)


def test_no_answer_is_taken_from_a_cache_that_came_with_the_checkout(tree: Monorepo, tmp_path: Path) -> None:
    choose(tree, "kept/cache")
    tree.run(*CHECK).expect(1)
    assert tree.run(*CHECK).expect(1).stdout.count("note:") == 0, "one that was made here is used"

    archive = tree.copied(tmp_path)
    brought = contents(archive.root / "kept")
    result = archive.run(*CHECK).expect(1)
    assert "cache-dir is not used: nothing shows that it was made here" in result.stdout
    assert contents(archive.root / "kept") == brought, "neither read nor written"

    archive.git("init", "--quiet")
    assert "note" not in archive.run(*CHECK).expect(1).stdout, "as a CI restores it"
    archive.git("add", "--force", "kept")
    brought = contents(archive.root / "kept")
    result = archive.run(*CHECK, "app/app/ugly.py").expect(1)
    assert "cache-dir is not used: git's index has cache/" in result.stdout, str(result)
    assert contents(archive.root / "kept") == brought
