"""Answers that say what is wrong and what to do about it: `application/problem+json` (RFC 9457)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

import orjson
from aiohttp import web


@dataclass(frozen=True, slots=True)
class Problem:
    """`code` is for machines; `detail` for the person whose webhook does not arrive."""

    status: HTTPStatus
    code: str
    detail: str
    retry_after: timedelta | None = None

    def response(self) -> web.Response:
        body = {"title": self.status.phrase, "status": self.status.value, "code": self.code, "detail": self.detail}
        headers = {"Content-Type": "application/problem+json"}
        if self.retry_after is not None:
            headers["Retry-After"] = str(max(1, math.ceil(self.retry_after.total_seconds())))
        return web.Response(body=orjson.dumps(body), status=self.status.value, headers=headers)


class Refused(Exception):
    """The request ends here."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


# The same for a tenant that does not exist, a gateway that is unknown and one that is not switched on:
# a stranger learns nothing about who is a customer.
NOT_FOUND = Problem(
    HTTPStatus.NOT_FOUND,
    "not_found",
    "Nothing takes webhooks at this address. Check the gateway and the tenant in it, and that the tenant has "
    "this gateway switched on.",
)


def refused_by_aiohttp(refusal: web.HTTPException) -> web.Response:
    """What no handler of ours saw: another path, another method, an expectation that nobody fulfils."""
    if refusal.status == HTTPStatus.NOT_FOUND:
        return NOT_FOUND.response()
    status = HTTPStatus(refusal.status)
    response = Problem(status, status.phrase.lower().replace(" ", "_"), f"{status.description}.").response()
    if allowed := refusal.headers.get("Allow"):
        response.headers["Allow"] = allowed
    return response


def unanswered(status: int, bounds: Mapping[str, int]) -> Problem:
    """What did not get as far as a handler, or as an answer of one."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Problem(HTTPStatus(status), "internal_error", "Something is wrong here: send it again later.")
    return Problem(
        HTTPStatus.BAD_REQUEST,
        "unreadable_request",
        f"This is no HTTP request, or it has more than {bounds['max_headers']} headers, or one of more than "
        f"{bounds['max_field_size']} bytes.",
    )


def unauthenticated(code: str, advice: str) -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, code, advice)


def unreadable(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "unreadable_body", detail)


def broken_off() -> Problem:
    return unreadable("The body breaks off, or is not encoded as its headers say.")


def unsupported_encoding() -> Problem:
    return Problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "unsupported_encoding",
        "A body may be sent as it is, or with one Content-Encoding: gzip or deflate.",
    )


def too_large(limit: int) -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", f"A body has at most {limit} bytes.")


def too_slow() -> Problem:
    return Problem(HTTPStatus.REQUEST_TIMEOUT, "body_too_slow", "The body did not arrive in time: send it again.")


def too_many_webhooks(wait: timedelta) -> Problem:
    return _too_many(wait, "too_many_webhooks", "More genuine webhooks come for this tenant than its limit allows.")


def too_many_refused(wait: timedelta) -> Problem:
    return _too_many(
        wait, "too_many_refused", "Too many webhooks from this address were refused, each with its reason."
    )


def too_many_visits(wait: timedelta) -> Problem:
    return _too_many(wait, "too_many_visits", "More visits are told of than the limit allows.")


def _too_many(wait: timedelta, code: str, what: str) -> Problem:
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, code, f"{what} Send again after Retry-After seconds.", wait)


def sealed(retry_after: timedelta) -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "secret_unreadable",
        "A secret of this endpoint cannot be decrypted here, so that nothing is proven by it: send it again later.",
        retry_after,
    )


def unavailable(retry_after: timedelta) -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "not_durable",
        "The webhook could not be stored and is not taken: send it again later.",
        retry_after,
    )
