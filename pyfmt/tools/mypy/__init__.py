"""mypy: what it is, how it is called, how its answer is read."""
