"""The rules of trust: no I/O, no clock."""
