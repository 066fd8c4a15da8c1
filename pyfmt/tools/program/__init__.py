"""Tools that are programs of their own: a command line, and a reader of what it prints."""
