"""Tests of batch_proc."""
