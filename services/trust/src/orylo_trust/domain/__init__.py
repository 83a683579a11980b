"""Trust scoring. No I/O, no clock."""
