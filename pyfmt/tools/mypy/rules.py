"""mypy's error codes: their pages, and what they mean, from mypy itself; nothing is looked up on the net."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt.tools.rule_text import example, link, paragraph, sentence

if TYPE_CHECKING:
    from mypy.errorcodes import ErrorCode

# mypy's own link for an error code (mypy.errors.BASE_RTD_URL, --show-error-code-links)
_PAGES = "https://mypy.readthedocs.io/en/stable/_refs.html#code-"
EXAMPLES = Path(__file__).with_name("examples.toml")
_NAME = re.compile(r"[a-z][a-z0-9-]*\Z")


def url(rule: str, _symbol: str) -> str | None:
    """The page of an error code; None for what is none."""
    return _PAGES + rule if _NAME.match(rule) and rule != "note" else None


def names() -> Iterator[str]:
    """All error codes."""
    from mypy.errorcodes import error_codes  # deferred: only where a rule is explained

    yield from error_codes


def texts(name: str) -> Iterator[str]:
    """What an error code means."""
    from mypy.errorcodes import error_codes  # deferred: only where a rule is explained

    code = error_codes.get(name)
    if code is not None:
        yield _code(code)


def _code(code: ErrorCode) -> str:
    lines = [f"mypy {code.code}, error", "", "what", *paragraph(sentence(code.description.rstrip(".")))]
    remarks = []
    if code.sub_code_of is not None:
        remarks.append(f"It is a part of {code.sub_code_of.code}: disabling or ignoring that one covers it.")
    if not code.default_enabled:
        remarks.append("It is off by default; `enable_error_code`, or an option of mypy's own, turns it on.")
    if remarks:
        lines += ["", *paragraph(" ".join(remarks))]
    return "\n".join([*lines, *example(EXAMPLES, code.code), *link(url(code.code, code.code))])
