"""Importing CSV files as transactions, as a mapping says; see docs/importing.md."""
