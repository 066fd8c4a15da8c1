"""D."""
from __future__ import annotations
import a.b as c, d
from . import (e,
    f)
if x:
    from ..g import *
import importlib; importlib.import_module("h.i")
__import__("j")
x = f"{1!r:>{2}}"
