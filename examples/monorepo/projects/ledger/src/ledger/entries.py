"""One movement between two accounts; on pydantic 2."""

from decimal import Decimal

from pydantic import BaseModel, Field


class Entry(BaseModel):
    """An amount that moved from one account to another."""

    source: str = Field(pattern="[a-z-]+")
    target: str = Field(pattern="[a-z-]+")
    amount: Decimal

    def row(self) -> dict[str, object]:
        """The entry as plain values."""
        return self.model_dump()


def columns() -> list[str]:
    """The columns of a row, each with its type."""
    fields = Entry.model_fields
    return [f"{name}: {field.outer_type_}" for name, field in fields.items()]
