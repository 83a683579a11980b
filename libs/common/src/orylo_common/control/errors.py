"""Errors of the control plane's writers."""


class InvalidChange(Exception):
    """The change was not made. The text says why and how to correct it."""


class LastOwner(InvalidChange):
    """The tenant would have no owner."""
