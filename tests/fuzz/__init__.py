"""Damaged inputs that nobody has thought of: mutations of the corpus in tests/data/fuzz, guided by coverage."""
