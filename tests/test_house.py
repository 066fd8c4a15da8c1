"""The house stays as ARCHITECTURE.md draws it: few loose files, small modules and functions, a page that is true."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import pyfmt

PACKAGE = Path(pyfmt.__file__).parent
ROOT = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))
PAGE = ROOT / "ARCHITECTURE.md"


def room(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def imported(path: Path) -> Iterator[str]:
    """The modules of pyfmt that a module imports, wherever the import stands."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_at_most_four_modules_lie_loose_at_the_top() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 4


def test_between_rooms_there_are_few_arrows_and_none_in_both_directions() -> None:
    arrows = set()
    for path in MODULES:
        inside = path.relative_to(PACKAGE)
        own = inside.parts[0].removesuffix(".py")
        if own != "__init__":
            found = {room(name) for name in imported(path) if name.startswith("pyfmt.")}
            arrows |= {(own, other) for other in found if other not in (own, "__version__")}
    assert len(arrows) <= 60
    assert [arrow for arrow in arrows if arrow[::-1] in arrows] == []


def test_each_room_says_what_it_is_and_stands_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    for folder in sorted(path for path in PACKAGE.iterdir() if (path / "__init__.py").exists()):
        assert ast.get_docstring(ast.parse((folder / "__init__.py").read_bytes())), folder
        assert f"| `{folder.name}/` |" in text, folder


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_has_at_most_400_lines_and_a_function_60(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= 400
    functions = (
        node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    sizes = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions}
    assert {name: size for name, size in sizes.items() if size > 60} == {}


def test_what_the_page_names_is_there() -> None:
    text = PAGE.read_text("utf-8")
    assert text.count("\n") <= 200
    for name in set(re.findall(r"`([\w./]+(?:\.py|/))`", text)):
        assert (ROOT / name).exists() or (PACKAGE / name).exists() or name == "worker/task.py", name
    for link in re.findall(r"\]\(([\w./-]+)\)", text):
        assert (ROOT / link).exists(), link


def test_ten_invariants_each_name_what_fails() -> None:
    text = PAGE.read_text("utf-8").split("## Invariants")[1].split("## ")[0]
    found = re.split(r"^\d+\. ", text, flags=re.MULTILINE)[1:]
    assert len(found) == 10
    assert all(re.search(r"`tests/|[Tt]he contract|contracts", each) for each in found)
