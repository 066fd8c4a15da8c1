"""What holds for the whole of pyfmt's code, whichever room it stands in."""
