"""Every refusal as `application/problem+json` (RFC 9457): the one place that knows statuses."""

import math
from collections.abc import Mapping
from datetime import timedelta

import asyncpg
import orjson
import structlog
from aiohttp import web

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
from orylo_api.http.problem_details import FieldProblem, TenantName
from orylo_api.http.reading import MAX_BODY
from orylo_common.errors import TransientError
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


def problem_response(
    status: int,
    title: str,
    *,
    code: str,
    detail: str | None = None,
    errors: list[FieldProblem] | None = None,
    tenants: list[TenantName] | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    problem = {
        "type": f"urn:orylo:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "errors": None if errors is None else [error.model_dump() for error in errors],
        "tenants": None if tenants is None else [tenant.model_dump() for tenant in tenants],
    }
    return web.Response(
        body=orjson.dumps(problem), status=status, content_type="application/problem+json", headers=headers
    )


def answer_error(error: Exception) -> web.Response:
    """What is answered where `error` was raised."""
    if isinstance(error, Refusal):
        return _refused(error)
    if isinstance(error, web.HTTPException):
        return _http_error(error)
    if isinstance(error, web.RequestPayloadError):
        return _refused(Unreadable("the body does not end as its headers say, or is not encoded as they say"))
    if isinstance(error, asyncpg.DataError):
        # Every value is checked before; this is what the checks and the database do not agree on.
        log.warning("request.data_refused", error=type(error).__name__)
        return _refused(Unreadable("a value is not one that can be looked up"))
    if isinstance(error, (TransientError, *TRANSIENT_ERRORS)):
        log.warning("request.unavailable", error=type(error).__name__)
        return problem_response(
            503,
            "Try again later",
            code="unavailable",
            detail="something that this needs does not answer",
            headers={"Retry-After": _seconds(RETRY_AFTER)},
        )
    log.error("request.failed", exc_info=error)
    return problem_response(500, "This is our fault", code="internal", detail="it was recorded and will be looked at")


def _refused(refusal: Refusal) -> web.Response:
    status, code, title = STATUSES[type(refusal)]
    headers = {}
    if isinstance(refusal, TooManyAttempts):
        headers["Retry-After"] = _seconds(refusal.retry_after)
    if isinstance(refusal, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return problem_response(
        status,
        title,
        code=refusal.code or code,
        detail=str(refusal),
        errors=refusal.errors if isinstance(refusal, Invalid) else None,
        tenants=refusal.tenants if isinstance(refusal, SeveralTenants) else None,
        headers=headers,
    )


def _http_error(error: web.HTTPException) -> web.Response:
    """aiohttp's own refusals: no such path or method, a body too large."""
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
    code = error.reason.lower().replace(" ", "_")
    return problem_response(error.status, error.reason, code=code, detail=_detail(error), headers=headers)


def _detail(error: web.HTTPException) -> str | None:
    match error:
        case web.HTTPNotFound():
            return "there is nothing at this address"
        case web.HTTPMethodNotAllowed():
            return f"this address takes {' and '.join(sorted(error.allowed_methods))} only"
        case web.HTTPRequestEntityTooLarge():
            return f"the body may have at most {MAX_BODY} bytes"
    return None


def _seconds(duration: timedelta) -> str:
    return str(math.ceil(duration.total_seconds()))
