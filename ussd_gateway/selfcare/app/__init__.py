"""The subscriber's application: its API at /app/v1, its platforms, and what the cabinet's pages say of it (R140-R144)."""
