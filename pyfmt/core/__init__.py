"""Nouns and pure functions: no process, clock or disk."""
