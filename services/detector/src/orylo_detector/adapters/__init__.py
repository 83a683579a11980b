"""What the detector reaches outside of PostgreSQL."""
