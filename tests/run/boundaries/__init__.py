"""Tests of the rules of the monorepo."""
