"""Tests of acme.storage."""
