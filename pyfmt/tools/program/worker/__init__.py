"""What runs in the process of a tool that is a program: standalone, standard library only."""
