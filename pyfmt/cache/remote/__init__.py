"""A cache that machines share: what one of them has computed, another need not; signed, and never a reason to fail."""
