"""What the others have from its folder."""
