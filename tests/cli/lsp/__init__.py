"""The language server, by a real client in real environments."""
