"""Who imports whom: pure functions over the text of modules."""
