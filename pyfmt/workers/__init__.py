"""What runs in another interpreter: standalone files, standard library only, Python 3.10 and later."""
