"""Lists: what a tenant always blocks or allows, and what its rules look up."""
