"""Needs what its lock holds."""
