"""An invoice knows its total."""

from decimal import Decimal

import pytest

from billing.models import Invoice, Line


@pytest.mark.parametrize("amounts", [[], [1], [1, 2, 3]])
def test_total_is_the_sum_of_the_lines(amounts: list[int]) -> None:
    """Each line counts once."""
    lines = [Line(text="work", amount=Decimal(amount)) for amount in amounts]
    invoice = Invoice(number="1", customer="Ada", lines=lines)
    assert invoice.total() == sum(amounts)
