"""The adapter for Hotmart."""
