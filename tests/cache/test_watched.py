"""A step that is remembered by what it asked: any other answer of the disk has it made again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pyfmt import disk
from pyfmt.cache.remembered import MemoKind
from pyfmt.cache.repeating import witness
from pyfmt.cache.store import Store
from pyfmt.cache.watched import WatchedSteps

TEXTS = MemoKind("texts for tests", 1, str)


class Steps:
    """One step, asked for in a run of its own each time."""

    def __init__(self, root: Path, make: Callable[[], str]) -> None:
        self.root = root
        self.make = make
        self.made = 0

    def _make(self) -> str:
        self.made += 1
        return self.make()

    def __call__(self, **inputs: str) -> str:
        with Store(self.root.parent / "cache") as store:
            steps = WatchedSteps(store, store.path.parent)
            found, known = steps.recall(TEXTS, inputs, self._make)
            assert steps.holds(TEXTS.name) or not known
        return found

    def is_known(self) -> bool:
        """Whether it is not made another time."""
        before = self.made
        assert self() == self.make()
        return self.made == before


@pytest.fixture(name="tree")
def _tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files, a folder and links."""
    monkeypatch.setattr(witness, "_RACY_NS", 0)
    tree = tmp_path / "tree"
    (tree / "folder").mkdir(parents=True)
    (tree / "file").write_text("one")
    (tree / "link").symlink_to("file")
    (tree / "further").symlink_to("folder")
    time.sleep(0.05)
    return tree


def _one_after_the_other(*edits: Callable[[], object]) -> None:
    for edit in edits:
        edit()


def _folders(tree: Path) -> list[str]:
    with disk.scandir(tree) as found:
        return [entry.name for entry in found if entry.is_dir()]


EDITS: dict[str, tuple[Callable[[Path], object], Callable[[Path], object]]] = {
    "a file's content": (lambda tree: (tree / "file").read_text(), lambda tree: (tree / "file").write_text("two")),
    "a file of the same size and time": (
        lambda tree: (tree / "file").read_text(),
        lambda tree: _one_after_the_other(
            lambda: (tree / "file").write_text("two"), lambda: os.utime(tree / "file", (1, 1))
        ),
    ),
    "a name in a folder": (
        lambda tree: sorted(os.listdir(tree / "folder")),
        lambda tree: (tree / "folder/new").write_text(""),
    ),
    "a name that was not there": (
        lambda tree: disk.exists(tree / "folder/new"),
        lambda tree: (tree / "folder/new").write_text(""),
    ),
    "a link that was not there": (
        lambda tree: disk.lexists(tree / "dangling"),
        lambda tree: (tree / "dangling").symlink_to("nowhere"),
    ),
    "where a link leads": (
        lambda tree: disk.realpath(tree / "link"),
        lambda tree: _one_after_the_other((tree / "link").unlink, lambda: (tree / "link").symlink_to("folder")),
    ),
    "a link after one that is followed twice": (
        lambda tree: disk.realpath(tree / "further/../further/../link"),
        lambda tree: _one_after_the_other((tree / "link").unlink, lambda: (tree / "link").symlink_to("folder")),
    ),
    "a link after what is not there": (
        lambda tree: disk.realpath(tree / "none/../link"),
        lambda tree: _one_after_the_other((tree / "link").unlink, lambda: (tree / "link").symlink_to("folder")),
    ),
    "what a link leads to": (
        _folders,
        lambda tree: _one_after_the_other((tree / "folder").rmdir, lambda: (tree / "folder").write_text("")),
    ),
    "a file that is gone": (
        lambda tree: disk.is_file(tree / "file"),
        lambda tree: (tree / "file").unlink(),
    ),
}


@pytest.mark.parametrize("what", sorted(EDITS))
def test_it_is_made_again_where_an_answer_differs(tree: Path, what: str) -> None:
    ask, edit = EDITS[what]
    steps = Steps(tree, lambda: repr(ask(tree)))
    steps()
    assert steps.is_known()
    before = steps()
    edit(tree)
    time.sleep(0.05)
    assert steps() == repr(ask(tree)) != before
    assert steps.made == 2


def test_other_inputs_are_another_step(tree: Path) -> None:
    steps = Steps(tree, lambda: "")
    steps(root="a")
    steps(root="b")
    steps(root="a")
    assert steps.made == 2


def test_another_python_is_another_step(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files without an environment are judged by the standard library of pyfmt's own."""
    steps = Steps(tree, lambda: sys.base_prefix)
    steps()
    monkeypatch.setattr(sys, "base_prefix", "/elsewhere")
    assert steps() == "/elsewhere"


def test_a_link_to_itself_is_no_way_without_end(tree: Path) -> None:
    (tree / "loop").symlink_to("loop")
    (tree / "one").symlink_to("two/deeper")
    (tree / "two").symlink_to("one/deeper")
    time.sleep(0.05)
    steps = Steps(tree, lambda: str([disk.realpath(tree / name) for name in ("loop", "loop/file", "one")]))
    steps()
    assert steps.is_known()


def test_what_starts_a_process_or_writes_is_never_known(tree: Path) -> None:
    child = Steps(tree, lambda: str(subprocess.run([sys.executable, "-S", "-c", ""], check=True).returncode))
    assert not child.is_known() and not child.is_known()
    writing = Steps(tree, lambda: str((tree / "written").write_text("x")))
    assert not writing.is_known() and not writing.is_known()


def test_what_has_just_changed_is_not_known(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness, "_RACY_NS", 3_600_000_000_000)
    steps = Steps(tree, (tree / "file").read_text)
    assert not steps.is_known() and not steps.is_known()


def test_who_looks_into_the_cache_is_not_known(tree: Path) -> None:
    steps = Steps(tree, lambda: str(len(os.listdir(tree.parent / "cache")) > 0))
    assert not steps.is_known() and not steps.is_known()


def test_who_watches_a_whole_run_is_told_what_its_steps_have_asked(tree: Path) -> None:
    for _ in range(2):  # made, and known
        with witness.watching() as whole:
            assert Steps(tree, lambda: f"{(tree / 'file').read_text()}{disk.exists(tree / 'none')}")() == "oneFalse"
            disk.stat(tree / "folder")
            assert whole.usable
            asked = whole.asked()
        assert {str(tree / "file"), str(tree / "folder")} <= set(asked.files)
        assert str(tree / "none") in asked.absent


def test_a_step_that_gives_up_ends_the_watching_of_the_whole_run(tree: Path) -> None:
    with witness.watching() as whole:
        Steps(tree, _giving_up)()
        assert not whole.usable


def _giving_up() -> str:
    witness.give_up()
    return ""
