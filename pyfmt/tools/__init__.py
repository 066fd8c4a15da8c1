"""The tools: what each one is, how it is called, how its answer is read; the work itself is done elsewhere."""
