"""Exceptions to error responses: the one place that knows HTTP statuses."""

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
    HeldByAnother,
    Invalid,
    NotAcceptable,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    RequestError,
    SeveralTenants,
    TooMany,
    TooManyAttempts,
    TooManyChecks,
    TooManyJobs,
    TooManyStreams,
    TooManyVitals,
    Unauthenticated,
    Unreadable,
    WrongMediaType,
)
from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem, Problem
from orylo_common.postgres.errors import TRANSIENT_ERRORS

log = structlog.get_logger(__name__)

# Status, code and title.
PROBLEMS: Mapping[type[RequestError], tuple[HTTPStatus, str, str]] = {
    Unreadable: (HTTPStatus.BAD_REQUEST, "unreadable", "Malformed request"),
    Unauthenticated: (HTTPStatus.UNAUTHORIZED, "unauthenticated", "Not authenticated"),
    Forbidden: (HTTPStatus.FORBIDDEN, "forbidden", "Forbidden"),
    NotFound: (HTTPStatus.NOT_FOUND, "not_found", "Not found"),
    NotAcceptable: (HTTPStatus.NOT_ACCEPTABLE, "not_acceptable", "Not acceptable"),
    Conflict: (HTTPStatus.CONFLICT, "conflict", "Conflict"),
    HeldByAnother: (HTTPStatus.CONFLICT, "case_held", "Case held"),
    SeveralTenants: (HTTPStatus.CONFLICT, "tenant_needed", "Tenant needed"),
    PreconditionFailed: (HTTPStatus.PRECONDITION_FAILED, "precondition_failed", "Changed meanwhile"),
    WrongMediaType: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "wrong_media_type", "Unsupported media type"),
    Invalid: (HTTPStatus.UNPROCESSABLE_ENTITY, "validation", "Invalid values"),
    PreconditionRequired: (HTTPStatus.PRECONDITION_REQUIRED, "precondition_required", "If-Match needed"),
    TooManyAttempts: (HTTPStatus.TOO_MANY_REQUESTS, "too_many_attempts", "Too many attempts"),
    TooManyChecks: (HTTPStatus.TOO_MANY_REQUESTS, "too_many_checks", "Too many checks"),
    TooManyJobs: (HTTPStatus.TOO_MANY_REQUESTS, "too_many_jobs", "Too many jobs"),
    TooManyStreams: (HTTPStatus.TOO_MANY_REQUESTS, "too_many_streams", "Too many streams"),
    TooManyVitals: (HTTPStatus.TOO_MANY_REQUESTS, "too_many_vitals", "Too many reports"),
}
RETRY_AFTER = timedelta(seconds=2)
UNAVAILABLE = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "unavailable",
    "A service that this request needs does not respond.",
    title="Try again later",
    retry_after=RETRY_AFTER,
)

# Every error response has these members too; they are null where they do not apply.
_MEMBERS: Mapping[str, object] = {"errors": None, "tenants": None, "holder": None}


def error_response(error: Exception, request_id: str) -> web.Response:
    """Return the response for an exception that an endpoint raised. Each one with a status from 500 on is logged."""
    if isinstance(error, HTTPProblem) and error.problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request.unavailable", error=error.problem.code)
    return problem_of(error, request_id).response(_headers_of(error))


def problem_of(error: Exception, request_id: str) -> Problem:
    problem = _problem_of(error)
    return replace(problem, members={"request_id": request_id, **_MEMBERS, **problem.members})


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, RequestError):
        return _problem_of_request(error)
    if isinstance(error, HTTPProblem):
        return error.problem
    if isinstance(error, web.HTTPException):
        # aiohttp's own errors, such as an unknown path or method.
        code = error.reason.lower().replace(" ", "_")
        return Problem(HTTPStatus(error.status), code, _detail(error), title=error.reason)
    if isinstance(error, asyncpg.DataError):
        # Every value is validated before; this one passed the validation and PostgreSQL does not accept it.
        log.warning("request.data_refused", error=type(error).__name__)
        return _problem_of_request(Unreadable("a value cannot be looked up"))
    if isinstance(error, (TransientError, *TRANSIENT_ERRORS)):
        log.warning("request.unavailable", error=type(error).__name__)
        return UNAVAILABLE
    log.error("request.failed", exc_info=error)
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "The error was logged.", title="Internal error")


def _problem_of_request(error: RequestError) -> Problem:
    status, code, title = PROBLEMS[type(error)]
    members: dict[str, object] = {}
    if isinstance(error, Invalid):
        members["errors"] = [problem.model_dump() for problem in error.errors]
    if isinstance(error, SeveralTenants):
        members["tenants"] = [tenant.model_dump() for tenant in error.tenants]
    if isinstance(error, HeldByAnother):
        members["holder"] = error.holder.model_dump(mode="json")
    return Problem(
        status,
        error.code or code,
        _sentence(str(error)),
        title=title,
        retry_after=error.retry_after if isinstance(error, TooMany) else None,
        members=members,
    )


def _headers_of(error: Exception) -> dict[str, str]:
    if isinstance(error, Unauthenticated):
        return {hdrs.WWW_AUTHENTICATE: "Bearer"}
    if isinstance(error, web.HTTPMethodNotAllowed):
        return {hdrs.ALLOW: allowed_methods(error)}
    return {}


def allowed_methods(error: web.HTTPMethodNotAllowed) -> str:
    """Return the value of `Allow`."""
    return ", ".join(sorted(error.allowed_methods | {hdrs.METH_OPTIONS}))


def _detail(error: web.HTTPException) -> str:
    match error:
        case web.HTTPNotFound():
            return "There is nothing at this path."
        case web.HTTPMethodNotAllowed():
            return f"This path accepts only {allowed_methods(error)}."
    return HTTPStatus(error.status).description


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
