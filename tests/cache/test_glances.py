"""One look at an environment: known for as long as every answer is the same, whoever asked."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pyfmt.cache import glances, observed
from pyfmt.cache.glances import Glances
from pyfmt.cache.observed import Disk, Observed, PortablePaths
from pyfmt.cache.observed_runs import DeclaredKey, ObservedRuns
from pyfmt.cache.store import Store


@pytest.fixture(name="root")
def _root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two places that are looked at, and the cache."""
    for module in (glances, observed):
        monkeypatch.setattr(module, "NOT_RACY_NS", 0)
    (tmp_path / "tree/pack").mkdir(parents=True)
    (tmp_path / "env/site/six").mkdir(parents=True)
    (tmp_path / "env/site/six/__init__.py").write_text("one")
    (tmp_path / "tree/link").symlink_to("pack")
    time.sleep(0.05)
    return tmp_path


OBSERVED = Observed(
    read={"<environment>/site/six": ["__init__.py"]},
    names={"<root>": ["pack", "link", "none"], "<environment>/site": ["six"]},
    exist=["<root>/setup.cfg"],
    links=["<root>/link"],
    variables=["MYPYPATH"],
)


class Looks:
    """What is known, each time with a new look at the disk."""

    def __init__(self, root: Path, store: Store) -> None:
        self.question = ("six", PortablePaths(str(root / "tree"), str(root / "env"), "", ()))
        self.glances = Glances(store)

    def keep(self, environ: dict[str, str] | None = None, began_ns: int | None = None) -> None:
        """Keep that the answers have a digest."""
        began_ns = time.time_ns() if began_ns is None else began_ns
        self.glances.keep({self.question: (OBSERVED, "digest")}, Disk(environ or {}), began_ns)

    def known(self, environ: dict[str, str] | None = None) -> bool:
        """Whether that is still so."""
        found = self.glances.totals([self.question], Disk(environ or {}))
        assert found in ({}, {self.question: "digest"})
        return bool(found)


def _one_after_the_other(*edits: Callable[[], object]) -> None:
    for edit in edits:
        edit()


EDITS: dict[str, Callable[[Path], object]] = {
    "a file": lambda root: (root / "env/site/six/__init__.py").write_text("two"),
    "a file with its time": lambda root: _one_after_the_other(
        lambda: (root / "env/site/six/__init__.py").write_text("two"),
        lambda: os.utime(root / "env/site/six/__init__.py", (1, 1)),
    ),
    "a file in the place of another": lambda root: _one_after_the_other(
        (root / "env/site/six/__init__.py").unlink,
        lambda: (root / "env/site/six/__init__.py").write_text("one"),
    ),
    "a name in the environment": lambda root: (root / "env/site/six.py").write_text(""),
    "a name in the tree": lambda root: (root / "tree/none.py").write_text(""),
    "what a link leads to": lambda root: _one_after_the_other(
        (root / "tree/pack").rmdir, lambda: (root / "tree/pack").write_text("")
    ),
    "where a link leads": lambda root: _one_after_the_other(
        (root / "tree/link").unlink, lambda: (root / "tree/link").symlink_to("none")
    ),
    "what was not there": lambda root: (root / "tree/setup.cfg").write_text(""),
    "a folder": lambda root: (root / "env/site").rename(root / "env/other"),
}


@pytest.mark.parametrize("what", sorted(EDITS))
def test_any_other_answer_is_seen(root: Path, what: str) -> None:
    with Store(root / "cache") as store:
        looks = Looks(root, store)
        assert not looks.known()
        looks.keep()
        assert looks.known()
        EDITS[what](root)
        assert not looks.known()


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("what", sorted(EDITS))
def test_the_next_run_reads_no_content_and_sees_another_one(
    root: Path, what: str, at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = DeclaredKey(b"key", PortablePaths(str(root / "tree"), str(root / "env"), "", ()))
    with Store(root / "cache") as store:
        ObservedRuns(store).keep({question: (OBSERVED, b"value")})
        with monkeypatch.context() as patched:
            patched.setattr(Disk, "content", _unread)
            assert at_once or ObservedRuns(store).find([question]) == [b"value"]
        EDITS[what](root)
        is_same = what == "a file in the place of another"
        assert ObservedRuns(store).find([question]) == [b"value" if is_same else None]


def _unread(*_: object) -> str:
    raise AssertionError("its size and times are enough")


def test_a_link_among_names_that_leads_elsewhere_is_seen_without_a_time_of_its_folder(root: Path) -> None:
    """Here it is what it leads to that changes: from a folder to a file, in another folder."""
    (root / "elsewhere").mkdir()
    (root / "tree/far").symlink_to(root / "elsewhere")
    time.sleep(0.05)
    with Store(root / "cache") as store:
        looks = Looks(root, store)
        looks.keep()
        (root / "elsewhere").rmdir()
        (root / "elsewhere").write_text("")
        assert not looks.known()


def test_a_variable_is_seen(root: Path) -> None:
    with Store(root / "cache") as store:
        looks = Looks(root, store)
        looks.keep({"MYPYPATH": "a"})
        assert looks.known({"MYPYPATH": "a"}) and not looks.known({"MYPYPATH": "b"}) and not looks.known()


def test_what_has_changed_since_the_disk_was_asked_is_not_kept(root: Path) -> None:
    with Store(root / "cache") as store:
        looks = Looks(root, store)
        began_ns = time.time_ns()
        time.sleep(0.05)
        (root / "env/site/six/__init__.py").write_text("two")
        looks.keep(began_ns=began_ns)
        assert not looks.known()


def test_a_question_that_was_not_asked_is_not_known(root: Path) -> None:
    with Store(root / "cache") as store:
        looks = Looks(root, store)
        looks.keep()
        for other in (("attrs", looks.question[1]), ("six", PortablePaths(*_places(root), ("/elsewhere",)))):
            assert looks.glances.totals([looks.question, other], Disk({})) == {}
        assert looks.known()


def _places(root: Path) -> tuple[str, str, str]:
    return str(root / "tree"), str(root / "env"), ""
