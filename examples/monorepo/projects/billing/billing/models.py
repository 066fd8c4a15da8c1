"""What an invoice is; still on pydantic 1."""

from decimal import Decimal

from pydantic import BaseModel


class Line(BaseModel):
    """One line of an invoice."""

    text: str
    amount: Decimal


class Invoice(BaseModel):
    """What a customer owes, and for what."""

    number: str
    customer: str
    lines: list[Line] = []

    def total(self) -> Decimal:
        """The sum of the lines."""
        return sum((line.amount for line in self.lines), Decimal(0))
