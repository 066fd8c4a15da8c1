"""black of another release: by its command line, with the shared configuration and what the project requires."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pyfmt.tools.black.adapter import BlackSettings, SourceFault, table
from pyfmt.tools.program.formatter import FormatterCall, RefusedError, formatted
from pyfmt.tools.program.worker.task import SCRATCH

# What the copies have no use for: which files there are, and what is done with them.
_UNUSED = frozenset(
    "include exclude extend-exclude force-exclude stdin-filename check diff color code quiet verbose workers no-cache "
    "src config".split()
)
_REFUSAL = re.compile(r"error: cannot format (?P<file>.+?): (?P<why>.*)")
_PLACE = re.compile(r"Cannot parse(?: for target version [^:]+)?: (?P<line>\d+):(?P<column>\d+)(?:: (?P<said>.*))?")
_PARTLY = 123  # black's exit code where it could not format some files


def style_all(files: Mapping[str, bytes], settings: BlackSettings) -> dict[str, bytes | RefusedError]:
    """What this release makes of files, by their paths relative to the root."""
    release = settings.config.release
    assert release is not None, "it runs only where it is chosen"
    arguments = ("--quiet", "--workers", "1", "--config", f"{SCRATCH}/pyproject.toml")
    texts = (("pyproject.toml", _configuration(settings)),)
    environ = (("BLACK_CACHE_DIR", f"{SCRATCH}/cache"), ("BLACK_NUM_WORKERS", "1"))
    call = FormatterCall("black", release.interpreter, arguments, _REFUSAL, texts, environ, (0, _PARTLY))
    return formatted(call, files)


def fault(refused: RefusedError) -> Exception:
    """What is wrong with a text that it refuses: a SourceFault where it cannot be parsed."""
    found = _PLACE.match(str(refused))
    if found is None:
        return refused
    return SourceFault(int(found["line"]), int(found["column"]) + 1, "cannot parse")


def _configuration(settings: BlackSettings) -> str:
    """black infers its target versions from `requires-python` beside its table, as it does in the project itself."""
    given = table(settings.config).items()
    lines = ["[tool.black]", *(f"{key} = {_value(value)}" for key, value in given if key not in _UNUSED)]
    if settings.requires_python:
        lines += ["[project]", f"requires-python = {_value(settings.requires_python)}"]
    return "\n".join([*lines, ""])


def _value(value: Any) -> str:
    """A string, number, boolean or list of them as TOML writes it, which is as JSON does."""
    return json.dumps(value, ensure_ascii=False)
