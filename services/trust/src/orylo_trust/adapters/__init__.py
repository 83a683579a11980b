"""Adapters for systems other than PostgreSQL."""
