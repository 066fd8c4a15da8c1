"""Tests of runs over git's index, of the hooks, and of `pyfmt init`."""
