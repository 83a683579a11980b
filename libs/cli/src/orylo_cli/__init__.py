"""The orylo command and the all-in-one composition."""
