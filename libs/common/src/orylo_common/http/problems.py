"""Error responses in `application/problem+json` (RFC 9457)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType

import orjson
from aiohttp import hdrs, web

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """An error response. `code` is stable and for programs; `title` and `detail` are for people.

    `members` are added to the JSON object as they are.
    """

    status: HTTPStatus
    code: str
    detail: str
    title: str | None = None
    retry_after: timedelta | None = None
    members: Mapping[str, object] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, object]:
        return {
            "type": f"urn:orylo:problem:{self.code}",
            "title": self.title or self.status.phrase,
            "status": self.status.value,
            "code": self.code,
            "detail": self.detail,
            **self.members,
        }

    def response(self, headers: Mapping[str, str] = MappingProxyType({})) -> web.Response:
        response = web.Response(body=orjson.dumps(self.body), status=self.status.value, content_type=CONTENT_TYPE)
        response.headers.update(headers)
        if self.retry_after is not None:
            # RFC 9110 asks for whole seconds. Rounded up: a client must not come back too early.
            response.headers[hdrs.RETRY_AFTER] = str(max(1, math.ceil(self.retry_after.total_seconds())))
        return response


class HTTPProblem(Exception):
    """Ends a request with `problem` as its response, and with `headers`."""

    def __init__(self, problem: Problem, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(problem.code)
        self.problem = problem
        self.headers = headers
