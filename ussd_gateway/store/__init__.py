"""The journal and the tables of self-care, in SQLite."""
