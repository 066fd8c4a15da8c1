"""What a hostile checkout tries, and what a run survives that is cut off or runs out of space."""
