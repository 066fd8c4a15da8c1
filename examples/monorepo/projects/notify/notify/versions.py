"""Which version is newer; still on packaging 21, which knows versions of the old style."""

from packaging.version import LegacyVersion, Version, parse


def newer(old: str, new: str) -> bool:
    """Whether `new` comes after `old`; a version of the old style comes before all others."""
    return parse(new) > parse(old)


def old_style(text: str) -> bool:
    """Whether PEP 440 does not know this version."""
    return isinstance(parse(text), LegacyVersion)


def major(text: str) -> int:
    """The first number of a version."""
    return Version(text).release[0]
