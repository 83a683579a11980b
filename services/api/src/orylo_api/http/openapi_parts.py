"""Parts of the OpenAPI document that many operations share."""

from collections.abc import Mapping
from typing import Any

from orylo_api.http.examples import BY_NAME, EXAMPLE_ID
from orylo_api.http.problem_examples import EXAMPLES

Schema = dict[str, Any]

REFERENCE = "#/components/schemas/{model}"
STREAM_EVENT = "StreamEvent"

DESCRIPTION = """\
Errors are `application/problem+json` (RFC 9457). Lists are `{"items", "next_cursor"}`: pass `next_cursor` as `cursor`
to get the next page, until it is null; the header `Link` has the next page's URL. Times are in UTC, amounts in the
currency's minor unit.

Users sign in at `/api/v1/auth/login`; cookies hold their session, and every POST, PUT, PATCH and DELETE needs the
header `X-CSRF-Token` with the value of the cookie `orylo_csrf`. Programs send `Authorization: Bearer <API key>`.

A POST that is repeated with its `Idempotency-Key` takes effect once. A PUT, PATCH or DELETE with `If-Match` takes
effect only if the resource still has that ETag. `docs/api.md` explains all of it with examples.
"""

TAGS: Mapping[str, str] = {
    "auth": "Sign in, refresh the session, sign out.",
    "account": "The caller's own account: its second factor.",
    "overview": "The numbers of the dashboard's first page.",
    "attention": "Everything that waits for a person.",
    "funnel": "From clicks to conversions.",
    "timeseries": "Figures over time.",
    "detections": "Decisions on payments: allow, review or block, with the reasons and their points.",
    "customers": "Buyers, known by hashed identifiers: trust score, status, history, merges.",
    "merge-reviews": "Customers that a limit keeps apart although they share an identifier.",
    "payments": "Payments, and verdicts on them.",
    "audit-log": "Who changed what, when and from where.",
    "rebuilds": "Read models, made again from the stored webhooks.",
    "search": "Finds what a pasted text names.",
    "review": "The review queue: payments that a person must decide, and who works on them.",
    "views": "Saved filters of the dashboard's pages.",
    "quality": "How well decisions agree with verdicts, disputes and fraud warnings.",
    "verdicts": "Verdicts of people and of the merchant's systems on many payments at once.",
    "lists": "The block list, the allow list and the tenant's own lists.",
    "reconciliations": "Comparisons of a gateway's own records with what was received.",
    "conversions": "Sales reported to ad platforms.",
    "destinations": "The ad platforms that sales are reported to, and the provider that acts on blocked payments.",
    "problems": "How much was set aside or rejected.",
    "jobs": "Work that outlasts a request: progress, cancellation, results.",
    "backtests": "How settings and rules would have decided labelled payments.",
    "dead-letters": "Messages and conversions that failed for good.",
    "webhooks": "All webhooks that were received: their state, deliveries, scrubbed bodies and resend.",
    "web-vitals": "How fast the dashboard is in its users' browsers.",
    "gateways": "The payment gateways: their settings, secrets and health.",
    "onboarding": "The steps from a new shop to reported sales, and which are done.",
    "tracking": "The tracking script on the merchant's pages.",
    "rejections": "Webhooks that were rejected, with the reasons.",
    "quarantine": "Authentic webhooks that could not be understood or contradict an earlier one.",
    "rules": "The tenant's own rules on payments, their versions, trials, hits and snoozes.",
    "fuse": "The fuse, which turns blocks into reviews when they jump.",
    "settings": "The tenant's settings by section, with all versions.",
    "me": "The caller's own preferences and sessions.",
    "flags": "Feature flags of the tenant and of its gateways.",
    "switches": "Switches that stop webhooks, sending or changes.",
    "health": "Whether payments can be received and handled.",
    "platform": "All tenants, for the platform's operators.",
    "stream": "Live events, as server-sent events.",
    "openapi.json": "This document.",
}

# Of parameters whose fields have none, by name.
PARAMETERS: Mapping[str, str] = {
    "id": "the id, as lists return it",
    "limit": "items per page, at most",
    "gateway": "only of this gateway",
    "customer_id": "only of this customer",
    "payment_id": "only of this payment",
    "state": "only in this state",
    "status": "only with this status",
    "kind": "only of this kind",
    "type": "only of this type",
    "source": "only of this service",
    "code": "only with this code",
    "decision": "only with this decision",
    "destination": "only of this kind of destination",
}

SECURITY_SCHEMES: Mapping[str, Schema] = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "orylo_session",
        "description": "the cookie that `/api/v1/auth/login` sets",
    },
    "csrf_token": {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRF-Token",
        "description": "with a session, the value of the cookie `orylo_csrf` or of `csrf_token` of the sign-in",
    },
    "api_key": {
        "type": "http",
        "scheme": "bearer",
        "description": "an API key of `orylo apikey create`; it has a role, and no CSRF token",
    },
}

PROBLEMS = {
    "400": "The request is malformed",
    "401": "Not signed in, or the API key is invalid",
    "403": "The role lacks the permission, or the CSRF token is missing",
    "404": "Not found, or it belongs to another tenant",
    "406": "`Accept` excludes the response's media type",
    "409": "Its state does not allow this, or the idempotency key was used for another request",
    "412": "The resource has changed since the ETag in `If-Match`; read it again",
    "413": "The body is too large",
    "415": "The body is of another media type",
    "422": "Invalid values; `errors` names each field",
    "428": "`If-Match` is missing",
    "429": "Too many attempts; retry after `Retry-After`",
    "503": "Temporarily unavailable; retry after `Retry-After`",
}

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "a request repeated with the same key within a day takes effect once and gets the same response",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "example": "order-1042",
}
LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "resume after this event",
    "schema": {"type": "string"},
    "example": "1042.3",
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "an earlier response's ETag; if it is still current, the response is 304 without a body",
    "schema": {"type": "string"},
    "example": '"9f86d081884c7d659a2feaa0c55ad015"',
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "the ETag of the resource as you have seen it; if it has changed since, the response is 412",
    "schema": {"type": "string"},
    "example": '"9f86d081884c7d659a2feaa0c55ad015"',
}

HEADERS: Mapping[str, Schema] = {
    "ETag": {
        "description": "of this representation; for `If-None-Match` and `If-Match`",
        "schema": {"type": "string"},
        "example": '"9f86d081884c7d659a2feaa0c55ad015"',
    },
    "Link": {
        "description": 'the next page, as `<URL>; rel="next"`; absent on the last one',
        "schema": {"type": "string"},
        "example": f'</api/v1/detections?cursor={BY_NAME["cursor"]}>; rel="next"',
    },
    "Idempotency-Replayed": {
        "description": "`true` if this is the stored response of an earlier request with the same key",
        "schema": {"type": "string", "enum": ["true"]},
        "example": "true",
    },
    "X-Request-Id": {
        "description": "names this request to support and in the logs; every response has it",
        "schema": {"type": "string"},
        "example": EXAMPLE_ID,
    },
    "Retry-After": {
        "description": "seconds to wait before the request is sent again",
        "schema": {"type": "integer", "minimum": 1},
        "example": 2,
    },
    "WWW-Authenticate": {
        "description": "how to authenticate",
        "schema": {"type": "string"},
        "example": "Bearer",
    },
}
OF_PROBLEMS: Mapping[str, str] = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After"}


def header(name: str) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"}}


def problem_response(status: str, description: str) -> Schema:
    return {
        "description": description,
        "headers": header("X-Request-Id") | (header(OF_PROBLEMS[status]) if status in OF_PROBLEMS else {}),
        "content": {
            "application/problem+json": {
                "schema": {"$ref": REFERENCE.format(model="ProblemDetails")},
                "examples": {each.code: {"value": each.body} for each in EXAMPLES if str(each.status.value) == status},
            }
        },
    }
