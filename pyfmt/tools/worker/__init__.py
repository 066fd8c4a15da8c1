"""The process that serves a tool's requests: standalone, standard library only, Python 3.10 and later."""
