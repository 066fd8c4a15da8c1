"""The door to all services."""
