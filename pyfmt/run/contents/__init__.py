"""What a run reads in the place of the work tree: the contents of git's index, or texts that are handed over."""
