"""Tests of the core: configuration, projects, planning, merging, workers, the command line."""
