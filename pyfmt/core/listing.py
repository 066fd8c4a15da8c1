"""Words of a sentence: a list of names that stays short, and how many there are of something."""

from __future__ import annotations

from collections.abc import Sequence


def some(names: Sequence[str], shown: int = 3) -> str:
    """The first few of `names`, and how many more there are: "a, b, c and 2 more"."""
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")


def count(number: int, noun: str, plural: str = "") -> str:
    """ "1 finding", "2 findings"."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
