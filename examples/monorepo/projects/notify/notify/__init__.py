"""Letters about new versions."""
