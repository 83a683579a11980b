"""The problems that ingest responds with."""

from datetime import timedelta
from http import HTTPStatus

from orylo_common.http.problems import Problem

# The same for an unknown tenant, an unknown gateway and a disabled one, so that it does not reveal who is a customer.
NOT_FOUND = Problem(
    HTTPStatus.NOT_FOUND,
    "not_found",
    "This URL accepts no webhooks. Check the gateway and the tenant in it, and that the gateway is enabled for the "
    "tenant.",
)
METHOD_NOT_ALLOWED = Problem(
    HTTPStatus.METHOD_NOT_ALLOWED,
    "method_not_allowed",
    "This URL does not accept the method. Allow lists those it does.",
)
EXPECTATION_FAILED = Problem(
    HTTPStatus.EXPECTATION_FAILED, "expectation_failed", "Of the header Expect, only 100-continue is supported."
)


def unauthenticated(code: str, advice: str) -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, code, advice)


def too_many_webhooks(wait: timedelta) -> Problem:
    return _too_many(wait, "too_many_webhooks", "This tenant receives more webhooks than its limit allows.")


def too_many_rejections(wait: timedelta) -> Problem:
    return _too_many(
        wait, "too_many_refused", "Too many webhooks from this address were rejected, each with its reason."
    )


def too_many_visits(wait: timedelta) -> Problem:
    return _too_many(wait, "too_many_visits", "More visits are reported than the limit allows.")


def _too_many(wait: timedelta, code: str, detail: str) -> Problem:
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        code,
        f"{detail} Send the request again after Retry-After seconds.",
        retry_after=wait,
    )


def stopped(retry_after: timedelta) -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "webhooks_stopped",
        "Webhooks are switched off for a while, and this one was not accepted. Send it again later.",
        retry_after=retry_after,
    )


def undecryptable(retry_after: timedelta) -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "secret_unreadable",
        "A secret of this endpoint cannot be decrypted, so the webhook cannot be authenticated. Send it again later.",
        retry_after=retry_after,
    )


def no_document_key(retry_after: timedelta) -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "secret_unreadable",
        "The key for documents cannot be decrypted, so the webhook was not accepted. Send it again later.",
        retry_after=retry_after,
    )


def unavailable(retry_after: timedelta) -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "not_durable",
        "The webhook could not be stored and was not accepted. Send it again later.",
        retry_after=retry_after,
    )
