"""All the entries, in order."""

import json
from collections.abc import Iterable
from decimal import Decimal

from acme.storage import Store

from ledger.entries import Entry


class Book:
    """Entries in the order in which they were made."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries = list(entries)

    def balance(self, account: str) -> Decimal:
        """What came in, less what went out."""
        total = Decimal(0)
        for entry in self.entries:
            if entry.target == account:
                total+=entry.amount
            if entry.source == account:
                total -= entry.amount
        return total

    def save(self, store: Store, names: list[str] = []) -> None:
        """Keep each entry as a record, under the names that are given or by number."""
        for number, entry in enumerate(self.entries):
            name = names[number] if number < len(names) else number
            store.write(name, entry.model_dump_json())
