"""What is remembered: how values are written, and when they count again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pyfmt.cache.digests import Digests
from pyfmt.cache.remembered import MemoKind, MemoTable
from pyfmt.cache.store import Store
from pyfmt.core.cells import CellPlace
from pyfmt.core.codec import codec
from pyfmt.core.model import Finding, Severity

FOUND = Finding("a.py", 1, None, None, None, "t", "R1", "r", Severity.INFO, "\udc80", "p", ("e",), cell=CellPlace(2, 3))


@dataclass(frozen=True)
class Nested:
    """Something of every type that is written."""

    names: dict[str, frozenset[int]]
    found: tuple[tuple[str, Finding | None], ...]
    keys: list[bytes]
    rest: list[Any]
    seconds: float = 0.5


VALUE = Nested({"a": frozenset({3, 1})}, (("x", FOUND), ("y", None)), [b"\0\xff"], [1, ["z", None]])


def test_what_is_written_is_read_again() -> None:
    written = json.loads(json.dumps(codec(Nested).dump(VALUE)))
    assert codec(Nested).load(written) == VALUE


@pytest.mark.parametrize("damaged", ["null", "{}", "[]", "[{}, [], [], []]", '[{"a": 1}, [], [], [], 0]', "[[], []]"])
def test_what_is_damaged_is_told(damaged: str) -> None:
    with pytest.raises((ValueError, TypeError, AttributeError)):
        codec(Nested).load(json.loads(damaged))


TEXTS = MemoKind("texts", 1, str, lasting=lambda text: text != "not for long")


def _asked(root: Path, files: Sequence[str], kind: MemoKind[str] = TEXTS, meanwhile: Callable[[], object] = str) -> str:
    """Which of the files had to be read for it, by a run of its own that begins here and ends."""
    read: list[str] = []

    def compute(missing: Sequence[str]) -> dict[str, str]:
        read.extend(missing)
        texts = {file: (root / file).read_text() for file in missing}
        meanwhile()
        return texts

    with Store(root / "cache") as store:
        digests = Digests(root, store)
        found = MemoTable(store, digests).remembered(
            kind, files, lambda file, digest: {"content": digest(file)}, compute
        )
        assert found == {file: (root / file).read_text() for file in files} or meanwhile is not str
        digests.save()
    return " ".join(read)


def test_only_what_has_changed_is_computed(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_text(name)
    assert _asked(tmp_path, "abc") == "a b c"
    (tmp_path / "b").write_text("other")
    assert _asked(tmp_path, "abc") == "b"
    assert _asked(tmp_path, "abc") == ""
    assert _asked(tmp_path, "abc", MemoKind("texts", 2, str)) == "a b c"


def test_what_changes_while_it_is_computed_is_not_kept(tmp_path: Path) -> None:
    """Were it with the same content again by the end."""
    for name in "ab":
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (1, 1))
    assert _asked(tmp_path, "ab", meanwhile=lambda: (tmp_path / "b").write_text("b")) == "a b"
    assert _asked(tmp_path, "ab") == "b"


def test_a_damaged_value_and_one_that_does_not_last_are_computed_anew(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("not for long")
    (tmp_path / "b").write_text("b")
    assert _asked(tmp_path, "ab") == "a b"
    with Store(tmp_path / "cache") as store:
        key = TEXTS.key({"content": Digests(tmp_path, None).of("b")})
        assert TEXTS.find(store, {"b": key}) == {"b": "b"}
        store.put({key: b"[1]"})
    assert _asked(tmp_path, "ab") == "a b"
