"""What a renderer is, and what it may know besides the report."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyfmt.core.report import Report
from pyfmt.core.request import Request, TextStyle

Sources = Callable[[str], Sequence[str] | None]


def no_sources(_path: str) -> None:
    """The `sources` of a run that shows no excerpts."""
    return None


@dataclass(frozen=True, slots=True)
class RenderOptions(TextStyle):
    """How to show a report; everything is decided by the caller, so that a renderer reads no environment variable.

    `width` is in terminal cells. `sources` gives the lines of a file (path relative to the root, without line ends),
    or None where it cannot be read. `here` is the absolute folder in which the user stands ("": the root), and `asked`
    what was asked for: next commands name folders from the one, and ask the same as the other.
    """

    color: bool = False
    width: int = 100
    is_terminal: bool = False
    hyperlinks: bool = False
    sources: Sources = no_sources
    diff: bool = False
    here: str = ""
    asked: Request | None = None

    @property
    def spacious(self) -> bool:
        """Whether the text has blank lines and indentation: every style but the concise one."""
        return self.is_terminal if self.style == "auto" else self.style != "concise"


def remembered(sources: Sources) -> Sources:
    """`sources` that reads a file once while findings come file by file."""
    return functools.lru_cache(maxsize=16)(sources)


class Renderer(Protocol):
    """One format: a module with this function."""

    def render(self, report: Report, options: RenderOptions) -> str:
        """The whole report in this format, ending with a line end unless it is empty."""
        ...  # pylint: disable=unnecessary-ellipsis
