"""ty: types, checked once per environment; off by default."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence

from pyfmt.core.cells import has_notebooks
from pyfmt.core.model import Severity, Unit
from pyfmt.core.tool_values import Comment, Cost
from pyfmt.tools.program import concise
from pyfmt.tools.program.adapter import Program, ProgramFinding
from pyfmt.tools.protocol import LintContext
from pyfmt.tools.tool import Kind, Tool

_OLDEST = (3, 7)  # the oldest Python that ty checks for
_SYNTAX = "invalid-syntax"
_SEVERITIES = {"major": Severity.ERROR, "critical": Severity.ERROR, "minor": Severity.WARNING}


def _command(unit: Unit, context: LintContext) -> Sequence[str]:
    """ty reads the environment from disk; first-party folders come before what is installed."""
    environment = unit.environment
    assert environment is not None, "ty reads an environment"
    own = (os.path.join(context.root, root) for part in unit.parts for root in part.project.import_roots)
    roots = dict.fromkeys(map(os.path.normpath, (*own, *context.import_roots, *environment.finder_roots)))
    python = max((environment.python.major, environment.python.minor), _OLDEST)
    # In a pyproject.toml it is found from the root; `--config-file` takes a ty.toml alone.
    config = () if context.config.path.endswith("pyproject.toml") else ("--config-file", context.config.path)
    folders = (word for root in roots for word in ("--extra-search-path", root))
    # Only the format for people tells places in notebooks.
    style = "concise" if has_notebooks(unit.files) else "gitlab"
    fixed = ("check", "--no-progress", "--output-format", style, "--project", context.root, "--exit-zero")
    place = () if environment.standalone else ("--python", environment.prefix)
    return (*fixed, *config, *place, "--python-version", f"{python[0]}.{python[1]}", *folders)


def _rows(text: str) -> Iterator[ProgramFinding]:
    """GitLab's Code Quality format, with positions from 1 and exclusive ends; of notebooks the concise one."""
    if not text.lstrip().startswith("["):
        yield from concise.rows(text)
    for found in json.loads(text) if text.lstrip().startswith("[") else ():
        place = found["location"]["positions"]
        rule = found["check_name"]
        yield ProgramFinding(
            found["location"]["path"],
            rule,
            found["description"].removeprefix(f"{rule}: "),
            place["begin"]["line"],
            place["begin"]["column"],
            place["end"]["line"],
            place["end"]["column"],
            _SEVERITIES.get(found["severity"], Severity.INFO),
            syntax=rule == _SYNTAX,
        )


TOOL = Tool(
    name="ty",
    kind=Kind.LINTER,
    config_file="ty.toml",
    home="https://docs.astral.sh/ty/",
    distributions=("ty",),
    own_files=("ty.toml",),
    on_by_default=False,
    syntax_rank=5,
    of_missing=re.compile(
        r"(?:unresolved-import|import-not-found): (?:Cannot resolve imported module `(?P<module>[\w.]+)`)?"
    ),
    cost=Cost(100, 3),
    linter=Program("ty", _command, _rows, statuses=(0,)),
    comment=Comment(
        re.compile(r"#\s*ty:\s*ignore\[(?P<names>[^\]]*)\]"), "# ty: ignore[{}]", unused_rule="unused-ignore-comment"
    ),
    rule_url=lambda rule, _symbol: f"https://docs.astral.sh/ty/reference/rules/#{rule}",
)
