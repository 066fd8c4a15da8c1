"""Processes: pools, workers and time limits; and the only writer of users' files."""
