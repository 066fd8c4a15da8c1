"""Tests of fraud_ml."""
