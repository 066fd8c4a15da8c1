"""The repository: its index, what changed since a commit, and the tree that is staged."""
