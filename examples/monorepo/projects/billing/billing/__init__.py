"""Invoices, and what is still owed."""
