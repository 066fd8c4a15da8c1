"""Colours and hyperlinks for a terminal; without them every method gives its text back."""

from __future__ import annotations

from dataclasses import dataclass

from pyfmt.core.model import Severity

_CODES = {"bold": "1", "dim": "2", "red": "1;31", "green": "1;32", "yellow": "1;33", "blue": "1;34", "cyan": "36"}
_SEVERITIES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}


@dataclass(frozen=True, slots=True)
class Paint:
    """Wraps printable text in ANSI sequences (SGR, OSC 8); the text must hold no control characters."""

    color: bool
    hyperlinks: bool = False

    def __call__(self, style: str, text: str) -> str:
        """`text` in a style: bold, dim, red, green, yellow, blue or cyan."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.color and text else text

    def severity(self, severity: Severity, text: str) -> str:
        """`text` in the colour of a severity."""
        return self(_SEVERITIES[severity], text)

    def link(self, url: str | None, text: str) -> str:
        """`text` as a hyperlink (OSC 8), where the terminal has them."""
        if not (self.hyperlinks and url):
            return text
        from urllib.parse import quote  # deferred: 2 ms, and only hyperlinks need it

        return f"\x1b]8;;{quote(url, safe=':/?#[]@!$&()*+,;=%~-._')}\x1b\\{text}\x1b]8;;\x1b\\"


def file_url(root: str, path: str) -> str:
    """The file:// URL of a path relative to `root`; bytes that are no UTF-8 are percent-encoded as they are."""
    from urllib.parse import quote  # deferred: 2 ms, and only hyperlinks need it

    return "file://" + quote(f"{root.rstrip('/')}/{path}".encode("utf-8", "surrogateescape"))
