"""PURE: one cell of a notebook, as an editor has it, for what takes whole notebooks."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pyfmt.core.notebooks import Notebook


def as_notebook(sources: Sequence[str], number: int) -> bytes:
    """A notebook with one of its cells, counted from 1. Of the others only comments are there, which may speak to the
    tools about the whole file: what is half written in one cell keeps nobody from formatting another."""
    cells = []
    for each, source in enumerate(sources, 1):
        comments = "\n".join(line for line in source.splitlines() if line.lstrip().startswith("#"))
        cells.append({"cell_type": "code", "metadata": {}, "source": source if each == number else comments})
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


def cell_of(data: bytes, number: int) -> str:
    """What a cell of a notebook holds."""
    return next(cell.source for cell in Notebook(data).cells if cell.number == number)
