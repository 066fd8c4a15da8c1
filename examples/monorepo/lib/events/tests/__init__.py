"""Tests of acme.events."""
