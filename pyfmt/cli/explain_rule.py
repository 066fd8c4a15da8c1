"""`pyfmt explain RULE`: what a rule means, from the tools that pyfmt brings; nothing is looked up on the net."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pyfmt.config import nearest
from pyfmt.core.errors import UsageError
from pyfmt.core.rules import RULES, USELESS_DIRECTIVE, Rule, own_rule
from pyfmt.reports.problems import FAILED, REFORMAT, SKIPPED
from pyfmt.reports.rules import documentation_url

if TYPE_CHECKING:
    from mypy.errorcodes import ErrorCode
    from pylint.lint import PyLinter
    from pylint.message import MessageDefinition

_WIDTH = 100
# What pyfmt says in the place of a rule, where no linter has one.
_OTHERS = {
    REFORMAT: "A formatter would change the file. `pyfmt format FILE` changes it, `pyfmt format --diff FILE` shows "
    "how.",
    f"isort-{REFORMAT}": "isort would sort the imports of the file anew. `pyfmt format FILE` does it, "
    "`pyfmt format --diff FILE` shows how. Documentation: https://isort.readthedocs.io/",
    f"black-{REFORMAT}": "black would format the file anew. `pyfmt format FILE` does it, "
    "`pyfmt format --diff FILE` shows how. Documentation: https://black.readthedocs.io/",
    FAILED: "A tool did not finish, so what it was to check is not known to be right. The report has its last words.",
    SKIPPED: "A tool did not run for a project, mostly for want of an environment. The report has the reason and the "
    "cure.",
}
_SEVERITIES = {"F": "error", "E": "error", "W": "warning", "R": "info", "C": "info", "I": "info"}


def rule_text(name: str) -> str:
    """What the rule `name` means (an id in any case, or a symbol), of each tool that has one.

    Raises UsageError where none has, naming the most similar one.
    """
    wanted = name.strip()
    own = own_rule(wanted)
    if own is not None:
        return _own(own)
    if wanted in _OTHERS:
        return "\n".join([wanted, "", *_paragraph(_OTHERS[wanted])])
    if "/" in wanted or wanted.endswith((".py", ".pyi")):
        raise UsageError("no such file or folder", name)
    linter = _pylint()
    found = [*_pylint_texts(linter, wanted), *_mypy_texts(wanted)]
    if not found:
        hint = nearest(wanted, _names(linter)) or "; rules are called like W0102 or attr-defined"
        raise UsageError(f"neither a file nor a rule{hint}", name)
    return "\n\n\n".join(found)


def _names(linter: PyLinter) -> list[str]:
    from mypy.errorcodes import error_codes  # deferred: only for this command

    known = [name for message in linter.msgs_store.messages for name in (message.msgid, message.symbol)]
    return [*known, *error_codes, *(name for rule in RULES for name in (rule.id, rule.symbol)), *_OTHERS]


def _paragraph(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _own(rule: Rule) -> str:
    lines = [f"pyfmt {rule.id} ({rule.symbol}), {rule.severity.value}", *_paragraph(f"{_sentence(rule.title)}")]
    for title, text in (("what", rule.what), ("why", rule.why), ("cure", rule.cure)):
        lines += ["", title, *_paragraph(text)]
    place = "[tool.pyfmt.boundaries], see docs/boundaries.md of pyfmt"
    if rule is USELESS_DIRECTIVE:
        place = "none of its own: `pyfmt check --unused-ignores` asks for it, [[tool.pyfmt.overrides]] can disable it"
    lines += ["", "configuration", *_paragraph(place)]
    return "\n".join(lines)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _pylint() -> PyLinter:
    """A linter that knows every message of pylint, those of its extensions too; no configuration is read."""
    from pylint import extensions  # deferred: only for this command
    from pylint.lint import PyLinter

    linter = PyLinter()
    linter.load_default_plugins()
    extensions.initialize(linter)
    return linter


def _pylint_texts(linter: PyLinter, name: str) -> Iterator[str]:
    from pylint.exceptions import DeletedMessageError, UnknownMessageError  # deferred: only for this command

    # Ids are asked for in any case, symbols as they are.
    asked = name.upper() if name[1:].isdecimal() else name
    try:
        definitions = linter.msgs_store.get_message_definitions(asked)
    except DeletedMessageError as error:
        yield f"pylint {asked}\n" + "\n".join(_paragraph(_sentence(str(error).rstrip("."))))
        return
    except UnknownMessageError:
        return
    for definition in definitions:
        yield _message(definition, asked, _extension(linter, definition.msgid))


def _extension(linter: PyLinter, message: str) -> str:
    """The extension of pylint that a message comes from, "" where pylint itself has it."""
    modules = [type(checker).__module__ for checker in linter.get_checkers() if message in checker.msgs]
    return next((module for module in modules if module.startswith("pylint.extensions.")), "")


def _message(definition: MessageDefinition, asked: str, extension: str) -> str:
    severity = _SEVERITIES[definition.msgid[0]]
    lines = [f"pylint {definition.msgid} ({definition.symbol}), {severity}"]
    said = " ".join(definition.msg.split())
    lines += _paragraph(f"It says: {said}")
    lines += ["", "what", *_paragraph(" ".join(definition.description.split()))]
    remarks = []
    if asked not in (definition.msgid, definition.symbol):
        remarks.append(f"{asked} is an older name of it.")
    if extension:
        remarks.append(f"It is of the extension {extension}, which `load-plugins` turns on.")
    elif not definition.default_enabled:
        remarks.append("It is off by default; `enable` turns it on.")
    if definition.minversion:
        remarks.append(f"Only for Python {_version(definition.minversion)} and later.")
    if definition.maxversion:
        remarks.append(f"Only for Python before {_version(definition.maxversion)}.")
    if remarks:
        lines += ["", *_paragraph(" ".join(remarks))]
    return "\n".join([*lines, *_link("pylint", definition.msgid, definition.symbol)])


def _version(numbers: Iterable[int]) -> str:
    return ".".join(map(str, numbers))


def _mypy_texts(name: str) -> Iterator[str]:
    from mypy.errorcodes import error_codes  # deferred: only for this command

    code = error_codes.get(name)
    if code is not None:
        yield _code(code)


def _code(code: ErrorCode) -> str:
    lines = [f"mypy {code.code}, error", "", "what", *_paragraph(_sentence(code.description.rstrip(".")))]
    remarks = []
    if code.sub_code_of is not None:
        remarks.append(f"It is a part of {code.sub_code_of.code}: disabling or ignoring that one covers it.")
    if not code.default_enabled:
        remarks.append("It is off by default; `enable_error_code`, or an option of mypy's own, turns it on.")
    if remarks:
        lines += ["", *_paragraph(" ".join(remarks))]
    return "\n".join([*lines, *_link("mypy", code.code, code.code)])


def _link(tool: str, rule: str, symbol: str) -> list[str]:
    url = documentation_url(tool, rule, symbol)
    return ["", f"  {url}"] if url else []
