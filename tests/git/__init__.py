"""What changed, and what that touches."""
