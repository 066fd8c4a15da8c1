"""Tells payments that look like fraud from the others: pure Python, no framework."""

from fraud_ml.model import Model, train

__all__ = ["Model", "train"]
