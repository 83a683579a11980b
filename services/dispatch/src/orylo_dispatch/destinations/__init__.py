"""One file per kind of destination; `port.py` is what they have in common."""
