"""Tests of `--watch`."""
