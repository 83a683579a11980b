"""What the detector keeps in PostgreSQL: decisions, and what it learns from payments and their aftermath."""
