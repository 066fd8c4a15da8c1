"""What comes through the door."""

from acme.events import Event
from pydantic import BaseModel, ConfigDict


class Incoming(BaseModel):
    """A request from outside."""

    model_config = ConfigDict(frozen=True)

    kind: str
    subject: str

    def event(self) -> Event:
        """The request as an event."""
        return Event(kind=self.kind, subject=self.subject)


def parse(body: str) -> Incoming:
    """The request that a body holds; raises pydantic's ValidationError."""
    return Incoming.model_validate_json(body)
