"""What the trust service reaches outside of PostgreSQL."""
