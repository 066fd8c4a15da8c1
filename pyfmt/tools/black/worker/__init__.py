"""What runs in a newer Python than pyfmt's: a standalone file, nothing of pyfmt."""
