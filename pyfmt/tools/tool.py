"""What a tool is to pyfmt: one value that everything else iterates over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from pyfmt.core.model import ToolConfig
from pyfmt.core.tool_values import Comment, Cost, LayoutRules, NotebookRules, TextRules
from pyfmt.tools.protocol import Linter


class Kind(Enum):
    """What a tool does with files."""

    FORMATTER = "formatter"
    LINTER = "linter"


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool; a new one costs a package of this room and a line in the registry (docs/tools.md)."""

    name: str
    kind: Kind
    config_file: str  # its name in the `configs` folder
    home: str  # URL of its documentation
    distributions: tuple[str, ...]  # whose versions its answers depend on, its own first
    own_files: tuple[str, ...] = ()  # configurations that it would find by itself in a project
    setup_cfg: str = ""  # its section in setup.cfg, "" for none
    tox_ini: bool = False  # whether it looks for that section in tox.ini, too
    merged: str = ""  # what of a project's own configuration counts beside the shared one
    on_by_default: bool = True
    oldest: str = ""  # the oldest release that `[tool.pyfmt.versions]` may choose; "": none, it runs as it is installed
    version: str = ""  # of the release that is chosen, "" for the one that pyfmt brings
    syntax_rank: int = 9  # where several tools say that a file cannot be parsed, the words of the lowest are kept
    cost: Cost = Cost()
    # Formatters:
    promise: str = ""  # what holds where it has nothing to say: "imports are sorted"
    would: str = ""  # what it does to a file where it has: "sort the imports of the file again"
    options: Callable[[ToolConfig], Sequence[str]] | None = None  # of the command line, for a configuration
    follows: str = ""  # a tool whose configuration decides where this one has none: else the two would undo each other
    # words in a configuration that make answers depend on any file of the checkout
    looks_anywhere: tuple[str, ...] = ()
    # Linters:
    linter: Linter | None = None
    released: Callable[[], Linter] | None = None  # how a release that is chosen lints: as a program
    isolated: bool = False  # each project needs a process of its own: answers depend on what was seen before
    project_rules: frozenset[str] | None = None  # rules about a project rather than a file; None: whole units only
    # What of a project's own file (its name and text) its adapter reads beside the shared configuration, as a text;
    # None: perhaps all. What the tool itself reads in its worker is observed there.
    own_sections: Callable[[ToolConfig, str, str], str] | None = None
    quotes: re.Pattern[str] | None = None  # in messages that tell a line of another file; None: there are none
    # words in a configuration that have comments, or how many lines there are, decide more than places
    counts_lines: tuple[str, ...] = ()
    texts: TextRules | None = None  # None: its worker tells not what it finds in a file's tree, and what in its text
    layout: LayoutRules | None = None  # None: it may look at more of a file than its tree
    # "RULE: MESSAGE" of what it finds where a package is not installed, the consequences included; the group `module`
    # is what cannot be imported
    of_missing: re.Pattern[str] | None = None
    # It keeps a cache of its own, in a folder for each unit: what of that (glob patterns) holds on other machines, too.
    own_cache: tuple[str, ...] = ()
    reads_environment: bool = True  # its answer depends on what is installed: a unit for each environment
    comment: Comment | None = None  # how its findings are suppressed
    notebooks: NotebookRules = NotebookRules()
    rule_url: Callable[[str, str], str | None] = lambda *_: None  # of a rule's id and symbol
    rule_texts: Callable[[str], Iterable[str]] = lambda _: ()  # what a rule means, for `pyfmt explain RULE`
    rule_names: Callable[[], Iterable[str]] = lambda: ()  # ids and symbols of all rules
    executes: Callable[[ToolConfig], tuple[str, ...]] = lambda _: ()  # code that a configuration makes it run, in words
    # Folders that a configuration makes it import from, given the root and the projects' absolute folders.
    further: Callable[[ToolConfig, Path, Sequence[str]], tuple[str, ...]] = lambda *_: ()

    def at(self, version: str) -> Tool:
        """The same tool where a release is chosen: it lints as a program, and has no cache of its own."""
        return replace(self, version=version, linter=self.released() if self.released else None, own_cache=())

    @property
    def in_parts(self) -> bool:
        """Whether the cache knows which files an answer is about, so that it can be given in parts."""
        return self.project_rules is not None and not self.version
