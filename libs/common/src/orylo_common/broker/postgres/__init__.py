"""The event bus in PostgreSQL."""
