"""Detection logic. No I/O, no clock."""
