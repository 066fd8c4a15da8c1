"""How the text that explains a rule is laid out, the same for every tool."""

from __future__ import annotations

import textwrap
from pathlib import Path

from pyfmt import disk

_WIDTH = 100


def paragraph(text: str, indent: str = "  ") -> list[str]:
    """The lines of a text, indented and folded."""
    return textwrap.wrap(
        text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def sentence(text: str) -> str:
    """`text` with a capital letter and a full stop."""
    return f"{text[0].upper()}{text[1:]}."


def example(file: Path, rule: str) -> list[str]:
    """Why a rule is there, what is wrong and right by it, and the cure, in lines; none where `file` has none."""
    found = disk.read_toml(file).get(rule)
    if found is None:
        return []
    lines = ["", "why", *paragraph(found["why"])]
    for title in ("wrong", "right"):
        lines += ["", title, *textwrap.indent(found[title].rstrip(), "  ").split("\n")]
    return [*lines, "", "cure", *paragraph(found["cure"])]


def link(url: str | None) -> list[str]:
    """The lines that name a rule's page."""
    return ["", f"  {url}"] if url else []
