"""The rules of dispatch, without I/O and without a clock."""
