"""The process that serves a tool's requests: standalone, standard library only, Python 3.10 and later."""

import os

GUARDED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guarded.py")
