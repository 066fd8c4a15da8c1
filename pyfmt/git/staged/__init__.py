"""`--staged`: a run over what git's index holds, in a tree of its own, and what it may change afterwards."""
