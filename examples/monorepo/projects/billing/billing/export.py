"""Invoices for the accountants."""

from decimal import Decimal
import csv
from typing import TextIO

from billing.models import Invoice, Line


def sample() -> dict[str, object]:
    """What a row looks like, for the manual."""
    line = Line(text="one hour", amount=Decimal(80))
    invoice = Invoice(number="0", customer="nobody", lines=[line])
    row: dict[str, object] = invoice.model_dump()
    return row


def export(invoices: list[Invoice], file: TextIO) -> None:
    """Write one row for each invoice."""
    writer = csv.writer(file)
    for invoice in invoices:
        writer.writerow([invoice.number, invoice.customer, invoice.total()])
