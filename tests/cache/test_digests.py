"""Digests: a changed file is never taken for the old one, and an unchanged one is not opened."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from pyfmt.cache import digests as digests_module
from pyfmt.cache.digests import MISSING, Digests
from pyfmt.cache.store import Store


def look(root: Path, *paths: str) -> list[bytes]:
    """The digests in a run of their own, remembered for the next one."""
    with Store(root / "cache") as store:
        digests = Digests(root, store)
        found = [digests.of(path) for path in paths]
        digests.save()
    return found


def content(root: Path, *paths: str) -> list[bytes]:
    """What they must be."""
    return [hashlib.sha256((root / path).read_bytes()).digest() for path in paths]


def test_edits_of_one_size_within_one_time_stamp_are_seen(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    for number in range(100):
        file.write_text(f"{number % 10}")
        assert look(tmp_path, "a.py") == content(tmp_path, "a.py")


def test_an_edit_with_the_time_put_back_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests_module, "_RACY_NS", 0)
    file = tmp_path / "a.py"
    file.write_text("1")
    os.utime(file, ns=(1, 1))
    time.sleep(0.02)
    look(tmp_path, "a.py")
    file.write_text("2")
    os.utime(file, ns=(1, 1))
    assert look(tmp_path, "a.py") == content(tmp_path, "a.py")


def test_an_unchanged_file_is_not_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests_module, "_RACY_NS", 0)
    (tmp_path / "a.py").write_text("1")
    time.sleep(0.02)
    before = look(tmp_path, "a.py")

    def refuse(*_: object) -> bytes:
        raise AssertionError("opened")

    monkeypatch.setattr(Digests, "_read", refuse)
    assert look(tmp_path, "a.py") == before


def test_a_file_that_goes_and_comes_back_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("1")
    present = look(tmp_path, "a.py")
    file.unlink()
    assert look(tmp_path, "a.py") == [MISSING]
    file.write_text("1")
    assert look(tmp_path, "a.py") == present


def test_names_that_are_no_text_are_digested_like_others(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xfe.py")
    for text in ("1", "2"):
        (tmp_path / name).write_text(text)
        assert look(tmp_path, name, "line\nbreak.py") == [*content(tmp_path, name), MISSING]


@pytest.mark.parametrize("looks", [1, 2])
def test_what_was_written_meanwhile_has_another_digest_even_if_it_was_changed_back(tmp_path: Path, looks: int) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("1")
    digests = Digests(tmp_path, None)
    before = [digests.of("a.py"), digests.of("b.py")]
    time.sleep(0.02)
    (tmp_path / "b.py").write_text("2")
    (tmp_path / "b.py").write_text("1")
    for _ in range(looks):  # nobody asks for b.py in the first of two
        digests.confirm()
        assert digests.of("a.py") == before[0]
    assert digests.of("b.py") != before[1]
    for end in (digests.confirm, digests.look_again):
        end()
        assert [digests.of("a.py"), digests.of("b.py")] == before


def together(root: Path, *files: str) -> bytes:
    """The digest of many files in a run of their own, remembered for the next one."""
    with Store(root / "cache") as store:
        digests = Digests(root, store)
        found = digests.together("all", files)
        digests.save()
    cold = Digests(root, None).together("all", files)
    assert found == cold
    return found


@pytest.fixture(name="tree")
def _tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two files that were written long enough ago, known together."""
    monkeypatch.setattr(digests_module, "_RACY_NS", 0)
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(name)
    time.sleep(0.02)
    together(tmp_path, "a.py", "b.py", "folder/")
    return tmp_path


def test_files_that_are_known_together_are_not_asked_for_one_by_one(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Digests(tree, None).together("all", ["a.py", "b.py", "folder/"])

    def refuse(*_: object) -> bytes:
        raise AssertionError("asked for by itself")

    monkeypatch.setattr(Digests, "_look", refuse)
    with Store(tree / "cache") as store:
        assert Digests(tree, store).together("all", ["a.py", "b.py", "folder/"]) == before


def test_whatever_changes_one_of_them_changes_their_digest(tree: Path) -> None:
    files = ["a.py", "b.py", "folder/"]
    found = [together(tree, *files)]
    (tree / "a.py").write_text("A.py")
    os.utime(tree / "a.py", ns=(1, 1))  # the same size, another time back
    found.append(together(tree, *files))
    (tree / "b.py").unlink()
    found.append(together(tree, *files))
    (tree / "b.py").mkdir()
    assert together(tree, *files) == found[-1]  # nobody can read it either
    found += [together(tree, "a.py", "folder/"), together(tree, "a.py"), together(tree, "folder/", "a.py")]
    assert len({*found}) == len(found)


def test_files_written_within_one_time_stamp_are_seen_together(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text("b")
    for number in range(50):
        (tmp_path / "a.py").write_text(f"{number % 10}")
        together(tmp_path, "a.py", "b.py")


def test_what_is_written_meanwhile_has_another_digest_together_too(tree: Path) -> None:
    files = ["a.py", "b.py"]
    with Store(tree / "cache") as store:
        digests = Digests(tree, store)
        before = digests.together("all", files)
        assert digests.together_again("all", files) == before
        digests.confirm()
        assert digests.together("all", files) == before
        time.sleep(0.02)
        (tree / "a.py").write_text("a.py")
        assert digests.together_again("all", files) != before
        digests.confirm()
        assert digests.together("all", files) != before
        digests.save()
        digests.look_again()
        assert digests.together("all", files) == before  # the same content
    assert together(tree, *files) == before


def test_rows_of_files_that_are_gone_are_forgotten_where_many_are_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests_module, "_RACY_NS", 0)
    for number in range(200):
        (tmp_path / f"{number}.py").write_text(str(number))
    time.sleep(0.02)
    together(tmp_path, *(f"{number}.py" for number in range(100)))
    together(tmp_path, *(f"{number}.py" for number in range(100, 200)))
    with Store(tmp_path / "cache") as store:
        assert {f"{number}.py" for number in range(100, 200)} == {*store.stats()} - {*store.stats_below("//all/")}
