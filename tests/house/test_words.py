"""What users read is plain English: pages, help and messages say it in the words of CONTRIBUTING.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.monorepo import ROOT
from tests.support.pages import PAGES

# Shown, knows, unusual, removed, separate, its own: there is a usual word for each.
QUAINT = re.compile(
    r"\b(?:odd|oddly|be rid of|get rid of|rubbish|tells|of (?:its|their|your) own|what can see|(?:is|are|was) told)\b"
)


def literals(source: str) -> Iterator[tuple[int, str]]:
    """The texts of a module that somebody may read, by line: no docstring, no single word."""
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            if " " in node.value.strip():
                yield node.lineno, node.value


@pytest.mark.parametrize("page", [*PAGES, ROOT / "action.yml"], ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_are_in_plain_english(page: Path) -> None:
    assert not QUAINT.findall(page.read_text("utf-8"))


def test_help_and_messages_are_in_plain_english() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sorted((ROOT / "pyfmt").rglob("*.py"))
        for line, text in literals(path.read_text("utf-8"))
        if QUAINT.search(text)
    ]
    assert not found, "\n".join(found)


def test_the_test_reads_messages_and_no_docstrings() -> None:
    source = 'def f(x: int) -> str:\n    """It is told."""\n    return f"{x} is told"\n'
    assert [(line, bool(QUAINT.search(text))) for line, text in literals(source)] == [(3, True)]
