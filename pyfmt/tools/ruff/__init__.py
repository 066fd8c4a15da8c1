"""ruff: `ruff check`, hundreds of rules without an environment; off by default."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from pyfmt.core.model import Severity, Unit
from pyfmt.core.tool_values import Comment, Cost
from pyfmt.tools.program.adapter import Program, ProgramFinding
from pyfmt.tools.protocol import LintContext
from pyfmt.tools.tool import Kind, Tool

_SYNTAX = "invalid-syntax"  # the code of a file that cannot be parsed


def _command(unit: Unit, context: LintContext) -> Sequence[str]:
    """Without `force-exclude`, whatever the configuration says: pyfmt has chosen the files."""
    del unit
    return (
        "check",
        "--no-cache",
        "--no-fix",
        "--no-force-exclude",
        "--output-format",
        "json",
        "--config",
        context.config.path,
    )


def _rows(text: str) -> Iterator[ProgramFinding]:
    """https://docs.astral.sh/ruff/settings/#output-format: rows and columns from 1, ends exclusive, in characters."""
    for found in json.loads(text):
        code = found["code"] or _SYNTAX
        start, end = found["location"], found["end_location"]
        yield ProgramFinding(
            found["filename"],
            code,
            found["message"],
            start["row"],
            start["column"],
            end["row"],
            end["column"],
            Severity.ERROR if code == _SYNTAX else Severity.WARNING,
            found.get("name") or code,
            syntax=code == _SYNTAX,
            cell=found.get("cell"),
        )


TOOL = Tool(
    name="ruff",
    kind=Kind.LINTER,
    config_file="ruff.toml",
    home="https://docs.astral.sh/ruff/",
    distributions=("ruff",),
    own_files=("ruff.toml", ".ruff.toml"),
    on_by_default=False,
    syntax_rank=4,
    cost=Cost(30, 1),
    linter=Program("ruff", _command, _rows),
    reads_environment=False,
    looks_anywhere=("extend =", "extend="),  # another configuration
    comment=Comment(
        re.compile(r"#\s*noqa:\s*(?P<names>[\w\-, ]*\w)"),
        "# noqa: {}",
        by_rule=True,
        name=re.compile(r"[A-Z]+\d+\Z"),
        unused_rule="RUF100",
    ),
    rule_url=lambda rule, symbol: None if rule == _SYNTAX else f"https://docs.astral.sh/ruff/rules/{symbol}/",
)
