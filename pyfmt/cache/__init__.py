"""What need not be computed again: results by the digest of everything that they depend on."""
