"""Tests of pyfmt."""
