"""Which release comes next; copied from notify, but packaging is a newer one here."""

from packaging.version import LegacyVersion, parse


def latest(versions: list[str]) -> str:
    """The newest of the versions of the new style."""
    parsed = [parse(version) for version in versions]
    return str(max(v for v in parsed if not isinstance(v, LegacyVersion)))
