"""A book knows the balance of each account."""

import unittest
from decimal import Decimal

from ledger.book import Book
from ledger.entries import Entry


class BookTest(unittest.TestCase):
    """Book keeps entries."""

    def test_balance_is_what_came_in_less_what_went_out(self) -> None:
        """Both sides of an entry count."""
        book = Book([Entry(source="bank", target="rent", amount=Decimal(900))])
        self.assertEqual(book.balance("rent"), Decimal(900))
        self.assertEqual(book.balance("bank"), Decimal(-900))
