"""The rules of detection: no I/O, no clock."""
