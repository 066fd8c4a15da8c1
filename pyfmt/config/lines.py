"""The line of a configuration file that an error is about."""

from __future__ import annotations

import re
from pathlib import Path

from pyfmt import disk
from pyfmt.core.errors import ConfigError

_HEADER = re.compile(r"\s*\[+\s*(?P<name>[^\[\]]+?)\s*\]+\s*(?:#.*)?$")
_OURS = re.compile(r"tool\s*\.\s*[\"']?pyfmt[\"']?\s*(?:\.\s*|$)")
_QUOTED = re.compile(r"'([^']+)'")


def with_line(error: ConfigError) -> ConfigError:
    """The same error with the line of the key that it names, or of the value, where its file holds that.

    Its message is "KEY: …" or names an unknown key in quotes, as all do that are about what a key means.
    """
    path = Path(error.where)
    lines = (disk.text_or_none(path) or "").splitlines() if path.suffix == ".toml" else []
    names = [part for part in error.what.split(": ")[:-1] if re.fullmatch(r"[\w./*-]+", part)]
    names += _QUOTED.findall(error.what.partition("; did you mean")[0].partition("; known")[0])
    own = _own_lines(lines, path.name == "pyfmt.toml")
    found = 0
    for name in names:  # from the key to what stands within it
        found = next((number for number, text in own if number >= found and _holds(text, name)), found)
    return type(error)(error.what, f"{error.where}:{found}", error.cure) if found else error


def _own_lines(lines: list[str], whole: bool) -> list[tuple[int, str]]:
    """The numbered lines of pyfmt's own section; a header without what all of these begin with."""
    own, inside = [], whole
    for number, line in enumerate(lines, start=1):
        if header := _HEADER.match(line):
            inside = whole or bool(_OURS.match(header["name"]))
            line = _OURS.sub("", header["name"])
        if inside and not line.lstrip().startswith("#"):
            own.append((number, line))
    return own


def _holds(text: str, name: str) -> bool:
    """Whether a line has a name or value as a whole."""
    return bool(re.search(rf"(?<![\w./*-]){re.escape(name)}(?![\w./*-])", text.partition(" #")[0]))
