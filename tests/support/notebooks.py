"""Notebooks for tests."""

from __future__ import annotations

import json
from typing import Any


def notebook(*cells: str | tuple[str, str], **metadata: Any) -> bytes:
    """A notebook with outputs, in a style of its own: cells of code, or of a text and another type."""
    listed = []
    for number, cell in enumerate(cells):
        text, kind = (cell, "code") if isinstance(cell, str) else cell
        made = {"id": f"c{number}", "cell_type": kind, "source": text.splitlines(True), "metadata": {"k": [1]}}
        ran = {"outputs": [{"text": ["x=1\n"]}], "execution_count": number} if kind == "code" else {}
        listed.append({**made, **ran})
    return json.dumps({"nbformat_minor": 5, "metadata": metadata, "cells": listed, "nbformat": 4}, indent=3).encode()
