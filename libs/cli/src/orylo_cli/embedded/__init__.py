"""The embedded platform of `orylo up`: its PostgreSQL and its data directory."""
