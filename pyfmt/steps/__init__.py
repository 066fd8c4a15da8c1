"""The steps of a run: each joins values of the core with one of the edges; `pyfmt.app` puts them in order."""
