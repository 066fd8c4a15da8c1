"""Invoices in a store."""

from acme.storage import Missing, Store

from billing.models import Invoice


def save(store: Store, invoice: Invoice) -> None:
    """Keep the invoice under its number."""
    store.write(invoice.number, invoice.json())


def load(store: Store, number: str) -> Invoice:
    """The invoice of that number, or None."""
    try:
        return Invoice.parse_raw(store.read(number))
    except Missing:
        return None
