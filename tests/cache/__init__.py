"""Tests of the cache: equal to cold, robust, portable, bounded."""
