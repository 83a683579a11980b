"""Every refusal as `application/problem+json` (RFC 9457): the one place that knows statuses."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

import asyncpg
import structlog
from aiohttp import hdrs, web

from orylo_api.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Refusal,
    SeveralTenants,
    TooManyAttempts,
    Unauthenticated,
    Unreadable,
    WrongMediaType,
)
from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem, Problem
from orylo_common.postgres.errors import TRANSIENT_ERRORS

log = structlog.get_logger(__name__)

STATUSES: Mapping[type[Refusal], tuple[int, str, str]] = {
    Unreadable: (400, "unreadable", "The request cannot be read"),
    Unauthenticated: (401, "unauthenticated", "Not authenticated"),
    Forbidden: (403, "forbidden", "Not allowed"),
    NotFound: (404, "not_found", "Not found"),
    Conflict: (409, "conflict", "Not possible now"),
    SeveralTenants: (409, "tenant_needed", "Which tenant?"),
    WrongMediaType: (415, "wrong_media_type", "Wrong media type"),
    Invalid: (422, "validation", "Values were refused"),
    TooManyAttempts: (429, "too_many_attempts", "Too many attempts"),
}
RETRY_AFTER = timedelta(seconds=2)


# Every error response has these members; they are null where they do not apply.
_MEMBERS: Mapping[str, object] = {"errors": None, "tenants": None}


def answer_error(error: Exception) -> web.Response:
    """Return the error response for an exception that an endpoint raised."""
    problem = _problem_of(error)
    return replace(problem, members={**_MEMBERS, **problem.members}).response(_headers_of(error))


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, Refusal):
        return _refused(error)
    if isinstance(error, HTTPProblem):
        return error.problem
    if isinstance(error, web.HTTPException):
        # aiohttp's own errors, such as an unknown path or method.
        code = error.reason.lower().replace(" ", "_")
        return Problem(HTTPStatus(error.status), code, _detail(error), title=error.reason)
    if isinstance(error, asyncpg.DataError):
        # Every value is validated before; this one passed the validation and PostgreSQL does not accept it.
        log.warning("request.data_refused", error=type(error).__name__)
        return _refused(Unreadable("a value is not one that can be looked up"))
    if isinstance(error, (TransientError, *TRANSIENT_ERRORS)):
        log.warning("request.unavailable", error=type(error).__name__)
        return Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "unavailable",
            "something that this needs does not answer",
            title="Try again later",
            retry_after=RETRY_AFTER,
        )
    log.error("request.failed", exc_info=error)
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "it was recorded and will be looked at", title="This is our fault"
    )


def _refused(refusal: Refusal) -> Problem:
    status, code, title = STATUSES[type(refusal)]
    members: dict[str, object] = {}
    if isinstance(refusal, Invalid):
        members["errors"] = [error.model_dump() for error in refusal.errors]
    if isinstance(refusal, SeveralTenants):
        members["tenants"] = [tenant.model_dump() for tenant in refusal.tenants]
    return Problem(
        HTTPStatus(status),
        refusal.code or code,
        str(refusal),
        title=title,
        retry_after=refusal.retry_after if isinstance(refusal, TooManyAttempts) else None,
        members=members,
    )


def _headers_of(error: Exception) -> dict[str, str]:
    if isinstance(error, Unauthenticated):
        return {hdrs.WWW_AUTHENTICATE: "Bearer"}
    if isinstance(error, web.HTTPException) and hdrs.ALLOW in error.headers:
        return {hdrs.ALLOW: error.headers[hdrs.ALLOW]}
    return {}


def _detail(error: web.HTTPException) -> str:
    match error:
        case web.HTTPNotFound():
            return "there is nothing at this address"
        case web.HTTPMethodNotAllowed():
            return f"this address takes {' and '.join(sorted(error.allowed_methods))} only"
    return HTTPStatus(error.status).description
