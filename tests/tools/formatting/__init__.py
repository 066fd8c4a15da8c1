"""Formatting: isort, black, the pool and the writing of files, against the real commands."""
