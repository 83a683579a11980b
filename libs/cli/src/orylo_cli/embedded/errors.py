"""Errors of the embedded platform, written for the person at the console."""


class EmbeddedError(Exception):
    """The text says what is wrong and how to correct it."""
