"""The sources that travel: what git tracks and what is new, and what a folder is afterwards."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pyfmt.cli.cluster import bundle
from pyfmt.core.errors import UsageError
from tests.support.monorepo import Monorepo


def everything(folder: Path) -> dict[str, object]:
    """Path to content, target or mode of all below a folder but git's own."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file() and not name.startswith(".git/"):
            found[name] = (path.read_bytes(), bool(path.stat().st_mode & stat.S_IXUSR))
    return found


def test_a_folder_becomes_what_the_work_tree_is_and_keeps_what_it_has_itself(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, {".gitignore": "*.log\nkept.log\n", "a/one.py": "1\n", "a/two.py": "2\n"})
    tree.write({"kept.log": "tracked, though ignored\n", "gone.py": "3\n", "run.sh": "#!/bin/sh\n"})
    (tree.root / "run.sh").chmod(0o755)
    (tree.root / "link").symlink_to("a")
    odd = os.fsdecode(b"odd-\xff.py")
    (tree.root / odd).write_bytes(b"4\n")
    tree.git("init", "--quiet")
    tree.git("add", "--all", "--force")
    tree.write({"new.py": "new\n", "left.log": "ignored\n"})
    (tree.root / "gone.py").unlink()
    first = bundle.pack(tree.root)
    assert first == bundle.pack(tree.root)

    there = tmp_path / "there"
    (there / ".venv").mkdir(parents=True)
    (there / ".venv" / "pyvenv.cfg").write_text("made there\n")
    held = bundle.entries(first.data)
    bundle.unpack(held, there, [])
    paths = [path for path, _, _ in held]
    expected = everything(tree.root)
    assert expected.pop("left.log")
    assert everything(there) == {**expected, ".venv/pyvenv.cfg": (b"made there\n", False)}
    tracked = (there / bundle.INDEX).read_bytes().split(b"\0")
    assert [row.partition(b"\t")[2] for row in tracked if b"kept.log" in row or b"new.py" in row] == [b"kept.log"]

    # A file becomes a folder, a folder a link, a link a file; what is the same is not written again.
    untouched = (there / "kept.log").stat()
    for name in ("a/one.py", "a/two.py", "new.py", "link"):
        (tree.root / name).unlink()
    (tree.root / "a").rmdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "one.py").write_text("not of this tree\n")
    (tree.root / "a").symlink_to(elsewhere)
    tree.write({"new.py/inner.py": "5\n", "link": "a file now\n"})
    second = bundle.pack(tree.root)
    assert second.digest != first.digest
    (there / "run.sh").unlink()
    (there / "run.sh" / ".venv").mkdir(parents=True)  # made there while it was a folder
    for _ in range(2):  # the second time the folder is a link already
        bundle.unpack(bundle.entries(second.data), there, paths)
    assert (elsewhere / "one.py").read_text() == "not of this tree\n"
    expected = everything(tree.root)
    assert expected.pop("left.log")
    assert everything(there) == {**expected, ".venv/pyvenv.cfg": (b"made there\n", False)}
    assert (there / "kept.log").stat().st_mtime_ns == untouched.st_mtime_ns


def test_a_bundle_writes_nothing_outside(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, {"inner/file.py": "1\n"})
    tree.git("init", "--quiet")
    there = tmp_path / "there"
    there.mkdir()
    (tmp_path / "outside").mkdir()
    (there / "inner").symlink_to(tmp_path / "outside")
    bundle.unpack(bundle.entries(bundle.pack(tree.root).data), there, [])
    assert not list((tmp_path / "outside").iterdir())
    assert (there / "inner" / "file.py").read_text() == "1\n"


def test_without_git_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--same-filesystem"):
        bundle.pack(tmp_path)
