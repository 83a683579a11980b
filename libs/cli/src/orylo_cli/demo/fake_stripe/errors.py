"""Stripe's error object."""

from typing import Any


class StripeRefusal(Exception):
    """The answer to a request that is not carried out."""

    def __init__(self, status: int, kind: str, message: str, code: str | None = None, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message, **({"code": code} if code else {}), **more}}


def invalid_request(message: str, code: str | None = None, *, status: int = 400, **more: Any) -> StripeRefusal:
    return StripeRefusal(status, "invalid_request_error", message, code, **more)


def unauthorised(message: str) -> StripeRefusal:
    return StripeRefusal(401, "invalid_request_error", message)
