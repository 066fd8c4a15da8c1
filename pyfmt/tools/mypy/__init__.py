"""mypy: what it is, how it is called, how its answer is read."""

from __future__ import annotations

import re

from pyfmt.core.model import Severity
from pyfmt.core.tool_values import Comment, Cost, LayoutRules, NotebookRules
from pyfmt.tools.mypy import executing, rules
from pyfmt.tools.mypy.adapter import Mypy, own_sections
from pyfmt.tools.mypy.further import folders
from pyfmt.tools.protocol import Linter
from pyfmt.tools.tool import Kind, Tool


def _released() -> Linter:
    from pyfmt.tools.mypy.release import MypyRelease  # deferred for start-up time: only where one is chosen

    return MypyRelease()


TOOL = Tool(
    name="mypy",
    kind=Kind.LINTER,
    config_file="mypy.ini",
    home="https://mypy.readthedocs.io/",
    distributions=("mypy",),
    own_files=("mypy.ini", ".mypy.ini"),
    setup_cfg="mypy",
    merged="its sections for modules and plugins",
    syntax_rank=1,
    cost=Cost(1500, 25, context=1),  # it checks every file of a unit
    linter=Mypy(),
    released=_released,
    oldest="1.8",
    of_missing=re.compile(
        r'import-(?:not-found|untyped): (?:[^"]*(?:module named|not installed for) "(?P<module>[\w.]+)")?'
        "|(no-any-unimported|no-any-return|untyped-decorator): "
        r'|misc: .*\(has type "Any"\)'
    ),
    # A class in a function is called NAME@LINE, wherever it is named.
    layout=LayoutRules(
        re.compile(rb"#.*\b(?:type|mypy)\s*:"), re.compile(r"\bon line (\d+)"), re.compile(r"@\d|:\d+:")
    ),
    own_cache=("*/pyfmt.json", "*/mypy/**/*"),  # see worker/cache.py
    own_sections=own_sections,
    # It takes its comment only where it comes first
    # (https://mypy.readthedocs.io/en/stable/common_issues.html#spurious-errors-and-locally-silencing-the-checker).
    comment=Comment(
        re.compile(r"#\s*type:\s*ignore(?:\s*\[(?P<names>[^\]]*)\])?"),
        "# type: ignore[{}]",
        first=True,
        mildest=Severity.WARNING,
        unused_rule="unused-ignore",
    ),
    notebooks=NotebookRules(
        never=frozenset({"top-level-await"}),  # IPython runs it
        undefined=re.compile(r'Name "(?P<name>\w+)" is not defined'),
    ),
    rule_url=rules.url,
    rule_texts=rules.texts,
    rule_names=rules.names,
    executes=executing.executions,
    further=folders,
)
