"""Errors by what can be done about them. Adapters raise these in place of a vendor's errors."""

from datetime import timedelta


class TransientError(Exception):
    """The same call may succeed later, but not before `retry_after`, if that is known."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PermanentError(Exception):
    """No retry can help. The text says why and holds no personal data."""
