"""What happened, and when."""

from dataclasses import dataclass, field
from datetime import datetime, timezone


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Event:
    """Something that happened to a subject."""

    kind: str
    subject: str
    at: datetime = field(default_factory=_now)
