"""One noun for one thing: a class name stands for one class, so that a reader who has met it once knows it."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.monorepo import ROOT


def classes(folder: Path) -> Iterator[tuple[str, str]]:
    """Each class below `folder`, inner ones too: its name without underscore in front, and where it is."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.ClassDef):
                yield node.name.lstrip("_"), f"{file.relative_to(folder)}:{node.lineno} {node.name}"


def shared(folder: Path) -> dict[str, list[str]]:
    """The names that several classes have; private classes may share one that no public class has."""
    found = defaultdict(list)
    for name, place in classes(folder):
        found[name].append(place)
    return {
        name: places
        for name, places in found.items()
        if len(places) > 1 and any(not place.endswith(f" _{name}") for place in places)
    }


def test_no_class_name_stands_for_two_things() -> None:
    assert shared(ROOT / "pyfmt") == {}


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        ({"a.py": "class A: ...\n", "b.py": "class A: ...\n"}, {"A"}),
        ({"a.py": "class A: ...\n", "b.py": "def f():\n    class _A: ...\n"}, {"A"}),
        ({"a.py": "class _A: ...\n", "b.py": "class _A: ...\nclass B: ...\n"}, set()),
    ],
)
def test_the_test_sees_names_that_are_shared(texts: dict[str, str], names: set[str], tmp_path: Path) -> None:
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert set(shared(tmp_path)) == names
