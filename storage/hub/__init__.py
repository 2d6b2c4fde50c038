"""What a hub keeps, on SQLite or PostgreSQL."""
