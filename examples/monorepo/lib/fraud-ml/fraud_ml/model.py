"""A logistic regression over two features."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Model:
    """Weights of the amount and of the hour, and the bias."""

    amount: float = 0.0
    hour: float = 0.0
    bias: float = 0.0

    def score(self, amount: float, hour: float) -> float:
        """How much a payment looks like fraud: 0.0 to 1.0."""
        return 1 / (
            1 + math.exp(-(self.amount * amount + self.hour * hour + self.bias))
        )


def train(
    rows: Sequence[tuple[float, float, bool]], rounds: int = 200, rate: float = 0.1
) -> Model:
    """Learn from (amount, hour, whether it was fraud); amounts and hours are between 0 and 1."""
    model = Model()
    for _ in range(rounds):
        for amount, hour, fraud in rows:
            error = float(fraud) - model.score(amount, hour)
            model = Model(
                model.amount + rate * error * amount,
                model.hour + rate * error * hour,
                model.bias + rate * error,
            )
    return model
