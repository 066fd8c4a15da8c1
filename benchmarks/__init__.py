"""Measurements of pyfmt: `make bench` and `make bench-environments`."""
