"""What is decided, without I/O and without a clock."""
