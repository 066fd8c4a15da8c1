"""A tool is one value: no other room knows a tool by its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pyfmt
from pyfmt.tools.registry import TOOLS, defaults, formatters, linters
from pyfmt.tools.tool import Kind

PACKAGE = Path(pyfmt.__file__).parent
# (module, text): names that are no tool's.
# what people call a group of dependencies, and a distribution that others are built with
ALLOWED = {("environments/creating/choice.py", "mypy"), ("core/build_imports.py", "mypy")}


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """The literal strings of a module, docstrings left out."""
    tree = ast.parse(path.read_bytes())
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))]
    documentation = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.lineno, node.value


def test_no_other_room_has_a_tools_name_in_a_literal() -> None:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if not place.startswith("tools/"):
            found += [f"{place}:{line}: {text}" for line, text in strings(path) if text in TOOLS]
    allowed = {f"{place}: {text}" for place, text in ALLOWED}
    assert [each for each in found if f"{each.split(':')[0]}: {each.split(': ')[1]}" not in allowed] == []


def test_every_name_is_the_key_of_its_value() -> None:
    assert {name: tool.name for name, tool in TOOLS.items()} == {name: name for name in TOOLS}
    assert defaults() == ("isort", "black", "pylint", "mypy")


@pytest.mark.parametrize("name", linters())
def test_a_linter_has_what_a_linter_needs(name: str) -> None:
    tool = TOOLS[name]
    assert tool.linter is not None and (PACKAGE / "tools" / tool.linter.worker / "worker" / "task.py").is_file()
    assert tool.kind is Kind.LINTER and not tool.promise and not tool.would


@pytest.mark.parametrize("name", formatters())
def test_a_formatter_has_what_a_formatter_needs(name: str) -> None:
    tool = TOOLS[name]
    assert tool.linter is None and tool.comment is None
    assert tool.promise and tool.would and tool.options is not None


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_brings_a_configuration_and_a_page(name: str) -> None:
    tool = TOOLS[name]
    assert (PACKAGE.parent / "configs" / tool.config_file).is_file()
    assert tool.home.startswith("https://") and tool.distributions[0] == name


@pytest.mark.parametrize("name", ["ruff", "ty"])
def test_a_tool_that_is_a_program_is_small(name: str) -> None:
    lines = sum(path.read_text().count("\n") for path in (PACKAGE / "tools" / name).rglob("*.py"))
    assert lines < 80
