"""The `orylo` command, one file per group of commands."""
