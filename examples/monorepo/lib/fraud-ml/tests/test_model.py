"""Tests of the model."""

from fraud_ml import train


def test_it_learns() -> None:
    """A large payment at night is not like a small one at noon."""
    model = train([(0.9, 0.1, True), (0.1, 0.5, False)])
    assert model.score(0.9, 0.1) > model.score(0.1, 0.5)
