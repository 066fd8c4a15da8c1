"""black on a notebook's cells, by black's own rules, and what linters are given of a cell that holds magics."""

from __future__ import annotations

import importlib.util
import re

from pyfmt.core.notebooks import plain, timed
from pyfmt.tools.black.adapter import BlackSettings, load, syntax_fault

# pylint: disable=no-name-in-module  # black is compiled, pylint cannot look inside

# In the place of a magic: an expression of any type that does something, as far as a linter can tell.
_CALL = '__import__("IPython").get_ipython()'
_CAPTURE = re.compile(r"%%capture\b(?:\s+--?[\w-]+)*\s+(?P<name>[^\W\d]\w*)")


def missing() -> str:
    """What is not installed of that which black needs for notebooks, "" where all is."""
    names = {"IPython": "ipython", "tokenize_rt": "tokenize-rt"}
    return " and ".join(name for module, name in names.items() if importlib.util.find_spec(module) is None)


def prepare() -> None:
    """Import what processes that are forked afterwards need: IPython takes half a second."""
    if missing():
        return
    import IPython.core.inputtransformer2  # pylint: disable=unused-import  # for its effect


def reformat(source: str, settings: BlackSettings) -> str:
    """What `black` would write for the source of a cell; the same where nothing changes.

    Raises SourceFault, with a place in the cell, where it is no Python, and whatever black raises where it fails
    otherwise.
    """
    from dataclasses import replace  # black.Mode is a compiled dataclass

    import black  # lazy: start-up
    from black.report import NothingChanged

    options = load(settings)
    try:
        return black.format_cell(source, fast=options.fast, mode=replace(options.mode, is_ipynb=True))
    except NothingChanged:
        check(source)
        return source
    except Exception:  # also what its tokenizer makes of a cell that is no Python
        check(source)
        raise


def check(source: str) -> None:
    """Raises SourceFault where a cell is no Python: black passes over it, since it may be magic that it cannot mask."""
    text = mask(source)
    fault = syntax_fault(text.encode("utf-8")) if text is not None else None
    if fault is not None:
        raise fault


def mask(source: str) -> str | None:
    """A cell as Python of as many lines, by black's and IPython's own rules where these hold, else by the looks of its
    lines; None for a cell in another language."""
    rough = plain(source, _CALL)
    if rough is None or rough == source:
        return rough
    from black.handle_ipynb_magics import mask_cell  # lazy: start-up
    from black.report import NothingChanged

    body = re.sub(r"\A(?:[ \t]*\r?\n)+", "", source)
    head = source[: len(source) - len(body)]
    try:
        text, replacements = mask_cell(body)
    except (SyntaxError, NothingChanged, AssertionError):
        return rough
    for replacement in replacements:
        captured = _CAPTURE.fullmatch(replacement.src.strip())
        call = f"{captured['name']} = {_CALL}" if captured else timed(replacement.src) or _CALL
        text = text.replace(replacement.mask, call, 1)
    masked = (head + text).rstrip("\n").split("\n")
    before = source.rstrip("\n").split("\n")
    if len(masked) != len(before) or any(
        a != b and not (_CALL in a or timed(b)) for a, b in zip(masked, before, strict=True)
    ):
        return rough  # its lines stand elsewhere
    return "\n".join(masked)
