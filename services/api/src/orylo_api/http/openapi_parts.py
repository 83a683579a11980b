"""Parts of the OpenAPI document that many operations share."""

from typing import Any

Schema = dict[str, Any]

REFERENCE = "#/components/schemas/{model}"

DESCRIPTION = """\
Errors are `application/problem+json` (RFC 9457). Lists are `{"items", "next_cursor"}`: pass `next_cursor` as `cursor`
to get the next page, until it is null.

Users sign in at `/api/v1/auth/login`; cookies hold their session, and every POST, PUT and DELETE needs the header
`X-CSRF-Token` with the value of the cookie `orylo_csrf`. Machines send `Authorization: Bearer <api key>`.
"""

PROBLEMS = {
    "400": "The request is malformed",
    "401": "Not signed in, or the API key is invalid",
    "403": "The role lacks the permission, or the CSRF token is missing",
    "404": "Not found, or it belongs to another tenant",
    "409": "Its state does not allow this, or the idempotency key was used for another request",
    "412": "The resource was changed since the ETag in `If-Match` was read",
    "413": "The body is too large",
    "415": "The body is of another media type",
    "422": "Invalid values; `errors` names each field",
    "429": "Too many attempts; retry after `Retry-After`",
    "503": "Temporarily unavailable; retry after `Retry-After`",
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "a request repeated with the same key within a day takes effect once and gets the same response",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}
LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "resume after this event",
    "schema": {"type": "string"},
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "an earlier response's ETag; if it is still current, the response is 304 without a body",
    "schema": {"type": "string"},
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "the ETag of the response that the change is based on; if it is outdated, the response is 412",
    "schema": {"type": "string"},
}


def problem_response(description: str) -> Schema:
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": {"$ref": REFERENCE.format(model="ProblemDetails")}}},
    }
