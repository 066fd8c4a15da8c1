"""The edits after which the primer compares a corpus; the same ones for the same tree.

In the module that most others import: a comment, a line in a function's body, a public function's name, blank lines
that black takes away; in a module that nothing imports: a comment, a line; in a manifest: the version, or
what the project is.
"""

from __future__ import annotations

import ast
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType


@dataclass
class Edit:
    """A file with other contents, as long as the context lasts."""

    name: str
    file: Path
    content: str
    before: bytes = b""

    def __enter__(self) -> None:
        self.before = self.file.read_bytes()
        self.file.write_text(self.content, "utf-8")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        times = self.file.stat()
        self.file.write_bytes(self.before)
        os.utime(self.file, ns=(times.st_atime_ns, times.st_mtime_ns + 1_000_000))

    def __str__(self) -> str:
        return f"{self.name} in {self.file.name}"


def of(tree: Path) -> Iterator[Edit]:
    """The edits of a tree; fewer where it has no module of the kind."""
    modules = _modules(tree)
    imported = _imported(modules)
    with_functions = [name for name in sorted(modules) if _functions(modules[name])]
    popular = max(with_functions, key=lambda name: imported[name], default=None)
    leaf = next((name for name in reversed(with_functions) if not imported[name]), None)
    if popular:
        yield from _in_library(modules[popular])
    if leaf:
        yield _edit("a comment of a leaf", modules[leaf], lambda text: text + "# a comment\n")
        yield _edit("a line of a leaf", modules[leaf], lambda text: text + "\n\nADDED_BY_THE_PRIMER = undefined_name\n")
    for manifest in sorted(tree.glob("packages/*/pyproject.toml")):
        text = manifest.read_text("utf-8")
        said = re.compile(r'^(version|description) = "[^"]*"', re.MULTILINE)
        if (changed := said.sub(r'\1 = "9999.0"', text, count=1)) != text:
            yield Edit("a version", manifest, changed)
            break


def _in_library(file: Path) -> Iterator[Edit]:
    function = _functions(file)[0]
    first, last = function.body[0], function.body[-1]

    def with_line(text: str) -> str:
        lines = text.splitlines(keepends=True)
        lines.insert(last.lineno - 1, f"{' ' * last.col_offset}added_by_the_primer = 1\n")
        return "".join(lines)

    def renamed(text: str) -> str:
        return re.sub(rf"\bdef {function.name}\b", f"def {function.name}_renamed", text)

    yield _edit("a comment of a library", file, lambda text: text + "# a comment\n")
    if first.col_offset and last.lineno > function.lineno:
        yield _edit("a line of a library", file, with_line)
    yield _edit("a name of a library", file, renamed)
    yield _edit("layout of a library", file, lambda text: text.replace("\n\n\ndef ", "\n\n\n\ndef "))


def _edit(name: str, file: Path, change: Callable[[str], str]) -> Edit:
    return Edit(name, file, change(file.read_text("utf-8")))


def _modules(tree: Path) -> dict[str, Path]:
    """Modules by dotted name, as far as their folders tell it."""
    found = {}
    for package in sorted(tree.glob("packages/*")):
        root = package / "src" if (package / "src").is_dir() else package
        for file in sorted(root.rglob("*.py")):
            parts = file.relative_to(root).with_suffix("").parts
            if all(part.isidentifier() for part in parts) and parts[0] not in ("tests", "test", "docs", "testing"):
                found[".".join(parts).removesuffix(".__init__")] = file
    return found


def _imported(modules: dict[str, Path]) -> Counter[str]:
    """How many files import each module by its full name."""
    counted: Counter[str] = Counter()
    for file in modules.values():
        text = file.read_text("utf-8", "replace")
        names = set(re.findall(r"^\s*(?:from|import) +([\w.]+)", text, re.MULTILINE))
        counted.update(name for name in names if name in modules)
    return counted


def _functions(file: Path) -> list[ast.FunctionDef]:
    try:
        body = ast.parse(file.read_bytes()).body
    except (SyntaxError, ValueError):
        return []
    return [node for node in body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
