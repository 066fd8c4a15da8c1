"""Notebooks, as far as everything else must know of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NOTEBOOK_SUFFIX = ".ipynb"  # of a Jupyter notebook


@dataclass(frozen=True, slots=True)
class CellPlace:
    """A place in a notebook's cell, as in Finding; `number` counts all cells from 1, `text` is the line there."""

    number: int
    line: int
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    text: str = ""


def has_notebooks(files: Iterable[str]) -> bool:
    """Whether a notebook is among some files."""
    return any(file.endswith(NOTEBOOK_SUFFIX) for file in files)


def module_name(path: str) -> str:
    """What tools call the module of a notebook: nobody imports it, and no two collide."""
    import hashlib  # deferred for start-up time: it loads OpenSSL

    return f"notebook_{hashlib.sha256(path.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
