"""One run, its steps in order: the only composition root."""
