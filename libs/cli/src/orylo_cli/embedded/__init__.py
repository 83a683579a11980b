"""Everything `orylo up` brings with it: a real PostgreSQL and the folder in which a platform's data lie."""
