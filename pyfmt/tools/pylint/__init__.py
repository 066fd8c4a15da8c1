"""pylint: what it is, how it is called, how its answer is read."""

from __future__ import annotations

import re

from pyfmt.core.tool_values import Comment, Cost, NotebookRules, TextRules
from pyfmt.tools.protocol import Linter
from pyfmt.tools.pylint import executing, rules
from pyfmt.tools.pylint.adapter import PylintLinter
from pyfmt.tools.tool import Kind, Tool


def _released() -> Linter:
    from pyfmt.tools.pylint.release import PylintRelease  # deferred for start-up time: only where one is chosen

    return PylintRelease()


TOOL = Tool(
    name="pylint",
    kind=Kind.LINTER,
    config_file="pylintrc",
    home="https://pylint.readthedocs.io/",
    distributions=("pylint", "astroid"),
    own_files=(".pylintrc", "pylintrc"),
    setup_cfg="pylint",
    tox_ini=True,
    syntax_rank=0,
    cost=Cost(1500, 60),  # it only parses what it need not report
    linter=PylintLinter(),
    released=_released,
    oldest="3",
    isolated=True,
    project_rules=frozenset({"R0801", "R0401"}),  # duplicate-code, cyclic-import
    own_sections=lambda shared, name, text: "",
    # unbalanced-tuple-unpacking and its like, method-hidden, syntax-error of what is imported; others quote own lines.
    quotes=re.compile(r"defined at line \d+ of |defined in .+ line \d|, line \d+\)"),
    counts_lines=(
        "docstring-min-length",
        "docstring_min_length",
        "ignore-comments",
        "ignore_comments",
        "docstyle",  # pylint.extensions.docstyle takes the line after that of the statement for the docstring's
        "spelling-dict",  # so does the spelling checker
        "spelling_dict",
    ),
    texts=TextRules(
        # redefined-outer-name, function-redefined, reimported, shadowed-import, access-member-before-definition,
        # redefined-loop-name
        line=re.compile(
            r"(?:outer scope \(|from loop \(|already defined |imported |before its definition )line (\d+)\)?\Z"
        ),
        placed=re.compile(r"\blines? \d"),
        # The line that astroid tells of a decorated function is the first decorator's and as many as decorators have:
        # what stands between these and the function is not counted.
        miscounted=re.compile(rb"^[ \t\f]*@", re.MULTILINE),
        kept=re.compile(rb"pylint:[^\r\n]*\benable"),  # useless-suppression, say
        counted=frozenset({"W0120"}),  # useless-else-on-loop
    ),
    of_missing=re.compile(r"E0401: (?:Unable to import '(?P<module>[\w.]+)')?"),
    # It finds its own behind other comments (pylint.utils.pragma_parser.OPTION_RGX).
    comment=Comment(
        re.compile(r"#[^#]*\bpylint:\s*disable=(?P<names>[\w\-, ]*[\w\-])"),
        "# pylint: disable={}",
        ",",
        never=frozenset({"R0801", "R0401", "astroid-error", "F0002"}),  # a block of several files has no line
        unused_rule="I0021",
    ),
    notebooks=NotebookRules(
        # missing-module-docstring: text cells say it. wrong-import-order, ungrouped-imports, wrong-import-position:
        # imports are sorted cell by cell. misplaced-future: it holds where a cell begins. await-outside-async: IPython
        # runs it.
        never=frozenset({"C0114", "C0411", "C0412", "C0413", "W0410", "E1142"}),
        # pointless-statement, pointless-string-statement, expression-not-assigned; a semicolon hides the value.
        shown=frozenset({"W0104", "W0105", "W0106", "W0301"}),
        undefined=re.compile(r"Undefined variable '(?P<name>\w+)'"),
    ),
    rule_url=rules.url,
    rule_texts=rules.texts,
    rule_names=rules.names,
    executes=executing.executions,
)
