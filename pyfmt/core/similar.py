"""What a name that nobody knows was probably meant to be."""

from __future__ import annotations

from collections.abc import Sequence

_GLANCE = 24  # names


def nearest(name: str, known: Sequence[str]) -> str:
    """The hint "; did you mean 'x'?" for the most similar known name, or the list of them where it can be read at a
    glance."""
    import difflib  # deferred for start-up time: only errors need it

    close = difflib.get_close_matches(name, known, 1, 0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(known)}" if len(known) <= _GLANCE else ""
