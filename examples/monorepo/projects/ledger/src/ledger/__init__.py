"""Accounts, and what moved between them."""
