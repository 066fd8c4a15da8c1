"""What runs in pylint's process: standalone files, Python 3.10 and later, nothing of pyfmt."""
