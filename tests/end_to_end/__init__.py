"""Whole runs of the real command, over real environments, with the real tools."""
