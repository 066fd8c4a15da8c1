"""What the core must know of a tool: what its units cost, and how its findings are suppressed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyfmt.core.model import Severity

EVERYTHING = "all sources"  # in the place of folders: anything of the checkout


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds that a unit takes where no time is recorded; only the ratios count.

    The tools' own are from a Poetry monorepo with 13 projects and 298 files, cold.
    """

    start: int = 30
    each_kib: int = 30  # of the unit's files
    context: int = 4  # one part in so many of that for files that are only its context; 1: they are checked as well


@dataclass(frozen=True, slots=True)
class NotebookRules:
    """What a tool says that makes no sense in a notebook; rules by their ids."""

    never: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()  # of an expression that ends a cell: Jupyter shows its value
    undefined: re.Pattern[str] | None = None  # the message about a `name` that nothing defines: IPython may do so


@dataclass(frozen=True, slots=True)
class Comment:
    """How a tool's findings are suppressed by a comment at the end of their line."""

    pattern: re.Pattern[str]  # finds such a comment; its group `names` are the rules, with commas between them
    template: str  # "# type: ignore[{}]"
    separator: str = ", "  # between the rules
    first: bool = False  # the tool takes it only where it comes first
    never: frozenset[str] = frozenset()  # rules (ids or symbols) that no comment can or should suppress
    by_rule: bool = False  # it names rules by their ids, not by their symbols
    name: re.Pattern[str] = re.compile(r"[a-z][a-z0-9\-]*\Z")  # what such a name looks like
    mildest: Severity = Severity.INFO  # findings that are milder cannot be suppressed
    unused_rule: str = ""  # of the finding that says that a comment suppresses nothing

    def names(self, said: str) -> tuple[str, ...]:
        """The rules that the comment names, in what a line's comments say."""
        found = self.pattern.match(said) if self.first else self.pattern.search(said)
        return tuple(filter(None, (name.strip() for name in (found["names"] or "").split(",")))) if found else ()


@dataclass(frozen=True, slots=True)
class TextRules:
    """How a tool's findings move where a file has the same tree and other comments and blank lines: those of its tree
    are the same, at other places; those of its text are looked for anew."""

    line: re.Pattern[str]  # in a message, the number (group 1) of a line of the same file
    placed: re.Pattern[str]  # in a message: it may hold a line in another way
    miscounted: re.Pattern[bytes]  # in a file: a line that a message holds may be another one
    kept: re.Pattern[bytes]  # in a file: what is said of its comments follows from what is said of its tree
    counted: frozenset[str]  # rules whose line is so many before or after that of what they are about


@dataclass(frozen=True, slots=True)
class LayoutRules:
    """How a tool's findings follow from its sources where it looks at their trees: after a change of layout alone
    (comments, blank lines, wrapping, quotes) they are the same, at other places."""

    obeyed: re.Pattern[bytes]  # finds comments that it obeys; what looks like one may be found, too
    line: re.Pattern[str]  # in a message, the number (group 1) of a line of the same file
    placed: re.Pattern[str]  # in a message or a note: it holds a line of any file in another way
