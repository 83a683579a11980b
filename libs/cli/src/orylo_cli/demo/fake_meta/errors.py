"""Meta's error object."""

import secrets
from typing import Any


class MetaError(Exception):
    """The response to a request of which no event was accepted."""

    def __init__(self, status: int, code: int, message: str, subcode: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.subcode = subcode

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {
            "message": self.message,
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": trace_id(),
        }
        if self.subcode is not None:
            error |= {"error_subcode": self.subcode, "error_user_title": self.message, "error_user_msg": self.message}
        return {"error": error}


def invalid_parameter(message: str, subcode: int | None = None) -> MetaError:
    return MetaError(400, 100, message, subcode)


def trace_id() -> str:
    return "A" + secrets.token_urlsafe(16)
