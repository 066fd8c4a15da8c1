"""What the notebooks share."""

from __future__ import annotations

import random

Payment = tuple[float, float, bool]


def payments(count: int, seed: int = 1) -> list[Payment]:
    """Payments that were made up: amount and hour from 0 to 1, and whether it was fraud."""
    numbers = random.Random(seed)
    pairs = [(numbers.random(), numbers.random()) for _ in range(count)]
    return [(amount, hour, amount > 0.8 and hour < 0.25) for amount, hour in pairs]
