"""Matches conversions to clicks and delivers them to destinations."""
