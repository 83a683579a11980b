"""The merchant's own pages: the script they load and what it tells."""
