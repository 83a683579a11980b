"""Error responses, as exceptions."""

from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """An invalid value. `field` is its place, such as `body.reason`."""

    field: str
    message: str


class ApiError(Exception):
    """The server refused a request. `code` is stable and for programs; `title` and `detail` are for people."""

    def __init__(self, status: int, code: str, title: str, detail: str | None, errors: list[FieldProblem]) -> None:
        super().__init__(f"{status} {code}: {detail or title}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = errors


def error_of(response: httpx.Response) -> ApiError:
    """Return the error that a response holds. Its body has been read, and is empty or of a proxy at times."""
    problem: dict[str, Any] = {}
    if response.headers.get("Content-Type", "").startswith("application/problem+json"):
        problem = response.json()
    return ApiError(
        response.status_code,
        problem.get("code", "unknown"),
        problem.get("title", response.reason_phrase),
        problem.get("detail"),
        [FieldProblem(each["field"], each["message"]) for each in problem.get("errors") or []],
    )
