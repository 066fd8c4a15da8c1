"""isort: its configuration, and how a text is formatted."""
