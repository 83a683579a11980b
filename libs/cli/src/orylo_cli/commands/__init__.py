"""The commands of `orylo`, one file per group."""
