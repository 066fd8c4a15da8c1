"""Answers a command as the last run did, where everything that this run asked of the machine still has the same
answer."""
