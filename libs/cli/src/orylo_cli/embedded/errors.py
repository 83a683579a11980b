"""What keeps the embedded platform from starting, in a sentence for the person at the console."""


class EmbeddedError(Exception):
    """The text says what is wrong and what to do about it."""
