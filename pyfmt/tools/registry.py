"""All tools, in the order in which they run and are listed; a new one costs a package beside this and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from pyfmt.core.away import RuleKinds
from pyfmt.core.equivalents import Equivalence
from pyfmt.core.tool_values import Comment, Cost
from pyfmt.tools import black, equivalents, isort, mypy, pylint, ruff, ty
from pyfmt.tools.protocol import Linter
from pyfmt.tools.tool import Kind, Tool

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        isort.TOOL,
        black.TOOL,
        pylint.TOOL,
        mypy.TOOL,
        ruff.TOOL,
        ty.TOOL,
    )
}

_BROUGHT: dict[str, Tool] = {}  # what `choose` has replaced


def choose(versions: Mapping[str, str]) -> None:
    """From now on these releases of tools run, and of the others what pyfmt brings."""
    for name, tool in TOOLS.items():
        if tool.version != versions.get(name, ""):
            brought = _BROUGHT.setdefault(name, tool)
            TOOLS[name] = brought.at(versions[name]) if name in versions else brought


def formatters() -> tuple[str, ...]:
    """The names of the tools that format."""
    return tuple(name for name, tool in TOOLS.items() if tool.kind is Kind.FORMATTER)


def linters() -> tuple[str, ...]:
    """The names of the tools that lint."""
    return tuple(name for name, tool in TOOLS.items() if tool.kind is Kind.LINTER)


def defaults() -> tuple[str, ...]:
    """The names of the tools that run where nothing says which."""
    return tuple(name for name, tool in TOOLS.items() if tool.on_by_default)


def linter(name: str) -> Linter:
    """What lints as the tool `name`; KeyError for one that does not lint."""
    found = TOOLS[name].linter
    if found is None:
        raise KeyError(name)
    return found


def config_files() -> tuple[str, ...]:
    """What the tools' shared configurations are called in a `configs` folder."""
    return tuple(tool.config_file for tool in TOOLS.values())


def costs() -> dict[str, Cost]:
    """For `sharding`: what the units of each linter cost."""
    return {name: TOOLS[name].cost for name in linters()}


def comments() -> dict[str, Comment]:
    """For `suppressions`: how the findings of each tool are suppressed."""
    return {name: tool.comment for name, tool in TOOLS.items() if tool.comment is not None}


def syntax_ranks() -> dict[str, int]:
    """For `merging`: whose words on a file that cannot be parsed are kept."""
    return {name: tool.syntax_rank for name, tool in TOOLS.items()}


def rule_kinds() -> RuleKinds:
    """For `merging`: the rules that are not about what one environment sees."""
    found = comments().values()
    unused = frozenset(comment.unused_rule for comment in found if comment.unused_rule)
    missing = {name: tool.of_missing for name, tool in TOOLS.items() if tool.of_missing}
    return RuleKinds(unused, frozenset().union(*(tool.project_rules or () for tool in TOOLS.values())), missing)


def equivalence(merge: bool = True) -> Equivalence:
    """For `merging`: which rules of several tools mean the same fault; none unless they are to be joined."""
    return Equivalence() if not merge else Equivalence(equivalents.FAULTS, equivalents.LEADS, comments())
