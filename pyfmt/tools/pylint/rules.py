"""pylint's rules: their pages, and what they mean, from pylint itself; nothing is looked up on the net."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt.tools.rule_text import example, link, paragraph, sentence

if TYPE_CHECKING:
    from pylint.lint import PyLinter
    from pylint.message import MessageDefinition

# The folders of https://pylint.readthedocs.io/en/stable/user_guide/messages/messages_overview.html
_FOLDERS = {
    "F": "fatal",
    "E": "error",
    "W": "warning",
    "C": "convention",
    "R": "refactor",
    "I": "information",
}
_PAGES = "https://pylint.readthedocs.io/en/stable/user_guide/messages"
EXAMPLES = Path(__file__).with_name("examples.toml")
_ID = re.compile(r"[FEWCRI]\d{4}\Z")
_NAME = re.compile(r"[a-z][a-z0-9-]*\Z")
_SEVERITIES = {"F": "error", "E": "error", "W": "warning", "R": "info", "C": "info", "I": "info"}


def url(rule: str, symbol: str) -> str | None:
    """The page of a message; None for one that has none."""
    if _ID.match(rule) and _NAME.match(symbol):
        return f"{_PAGES}/{_FOLDERS[rule[0]]}/{symbol}.html"
    return None


def names() -> Iterator[str]:
    """Ids and symbols of all messages, those of pylint's extensions too."""
    for message in _linter().msgs_store.messages:
        yield from (message.msgid, message.symbol)


def _linter() -> PyLinter:
    """A linter that knows every message of pylint, those of its extensions too; no configuration is read."""
    from pylint import extensions  # deferred: only for this command
    from pylint.lint import PyLinter

    linter = PyLinter()
    linter.load_default_plugins()
    extensions.initialize(linter)
    return linter


def texts(name: str) -> Iterator[str]:
    """What a message means: one text for each that `name` (an id in any case, a symbol, an older name) stands for."""
    from pylint.exceptions import DeletedMessageError, UnknownMessageError  # deferred: only for this command

    linter = _linter()
    # Ids are asked for in any case, symbols as they are.
    asked = name.upper() if name[1:].isdecimal() else name
    try:
        definitions = linter.msgs_store.get_message_definitions(asked)
    except DeletedMessageError as error:
        yield f"pylint {asked}\n" + "\n".join(paragraph(sentence(str(error).rstrip("."))))
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
    lines += paragraph(f"It says: {said}")
    lines += ["", "what", *paragraph(" ".join(definition.description.split()))]
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
        lines += ["", *paragraph(" ".join(remarks))]
    page = link(url(definition.msgid, definition.symbol))
    return "\n".join([*lines, *example(EXAMPLES, definition.symbol), *page])


def _version(numbers: Iterable[int]) -> str:
    return ".".join(map(str, numbers))
