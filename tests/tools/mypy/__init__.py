"""Tests of mypy as pyfmt runs it."""
