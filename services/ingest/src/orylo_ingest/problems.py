"""Answers that say what is wrong and what to do about it: `application/problem+json` (RFC 9457)."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus

from aiohttp import web

from orylo_common.http.problems import Problem

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


def too_many_webhooks(wait: timedelta) -> Problem:
    return _too_many(wait, "too_many_webhooks", "More genuine webhooks come for this tenant than its limit allows.")


def too_many_refused(wait: timedelta) -> Problem:
    return _too_many(
        wait, "too_many_refused", "Too many webhooks from this address were refused, each with its reason."
    )


def too_many_visits(wait: timedelta) -> Problem:
    return _too_many(wait, "too_many_visits", "More visits are told of than the limit allows.")


def _too_many(wait: timedelta, code: str, what: str) -> Problem:
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS, code, f"{what} Send again after Retry-After seconds.", retry_after=wait
    )


def sealed(retry_after: timedelta) -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "secret_unreadable",
        "A secret of this endpoint cannot be decrypted here, so that nothing is proven by it: send it again later.",
        retry_after=retry_after,
    )


def unavailable(retry_after: timedelta) -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "not_durable",
        "The webhook could not be stored and is not taken: send it again later.",
        retry_after=retry_after,
    )
