"""One machine: SQLite and what is in this process."""
