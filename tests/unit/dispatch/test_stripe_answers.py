"""Stripe's answers, by what they ask for."""

from datetime import timedelta
from typing import Any

import pytest

from orylo_dispatch.destinations.stripe.answers import attempt_of
from orylo_dispatch.domain.attempt import AttemptOutcome

REFUND = {"id": "re_1", "object": "refund", "status": "succeeded"}


def refusal(code: str | None = None, **more: Any) -> dict[str, Any]:
    return {"error": {"type": "invalid_request_error", "message": "No.", **({"code": code} if code else {}), **more}}


def unexpected(status: str) -> dict[str, Any]:
    return refusal("payment_intent_unexpected_state", payment_intent={"id": "pi_1", "status": status})


@pytest.mark.parametrize(
    ("status", "answer", "outcome"),
    [
        (200, REFUND, AttemptOutcome.DISPATCHED),
        (200, REFUND | {"status": "pending"}, AttemptOutcome.DISPATCHED),
        (200, REFUND | {"status": "failed", "failure_reason": "expired_or_canceled_card"}, AttemptOutcome.REFUSED),
        (200, {"object": "refund"}, AttemptOutcome.UNKNOWN),
        (200, None, AttemptOutcome.UNKNOWN),
        (302, None, AttemptOutcome.UNKNOWN),
        (400, refusal("charge_already_refunded"), AttemptOutcome.DISPATCHED),
        (400, refusal("charge_disputed"), AttemptOutcome.REFUSED),
        (400, unexpected("canceled"), AttemptOutcome.DISPATCHED),
        (400, unexpected("succeeded"), AttemptOutcome.REFUSED),
        (400, refusal("payment_intent_unexpected_state"), AttemptOutcome.REFUSED),
        (400, refusal(type="idempotency_error"), AttemptOutcome.REFUSED),
        (400, None, AttemptOutcome.UNKNOWN),
        (401, refusal(), AttemptOutcome.TOKEN),
        (403, refusal(), AttemptOutcome.CONFIGURATION),
        (404, refusal("resource_missing"), AttemptOutcome.REFUSED),
        (404, None, AttemptOutcome.UNKNOWN),
        (409, refusal(type="idempotency_error"), AttemptOutcome.THROTTLED),
        (429, refusal("rate_limit"), AttemptOutcome.THROTTLED),
        (429, refusal("lock_timeout"), AttemptOutcome.THROTTLED),
        (429, None, AttemptOutcome.THROTTLED),
        (500, refusal(type="api_error"), AttemptOutcome.UNKNOWN),
        (503, None, AttemptOutcome.UNKNOWN),
    ],
)
def test_an_answer_has_one_outcome(status: int, answer: dict[str, Any] | None, outcome: AttemptOutcome) -> None:
    assert attempt_of(status, answer, {}).outcome is outcome


def test_a_refund_is_known_by_its_id_and_the_request_by_stripes() -> None:
    attempt = attempt_of(200, REFUND, {"Request-Id": "req_1"})

    assert (attempt.reference, attempt.trace_id) == ("re_1", "req_1")


def test_a_failure_that_stripe_will_repeat_is_final() -> None:
    headers = {"Stripe-Should-Retry": "false"}

    assert attempt_of(500, refusal(type="api_error"), headers).outcome is AttemptOutcome.REFUSED


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [
        ("30", timedelta(seconds=30)),
        ("0", timedelta(seconds=1)),
        ("99999", timedelta(hours=1)),
        ("soon", None),
        ("", None),
    ],
)
def test_the_wait_is_the_one_that_stripe_asks_for(retry_after: str, wait: timedelta | None) -> None:
    attempt = attempt_of(429, refusal("rate_limit"), {"Retry-After": retry_after})

    assert attempt.retry_after == (wait or timedelta(seconds=5))


def test_a_running_twin_does_not_stop_the_account() -> None:
    assert attempt_of(429, refusal("lock_timeout"), {}).retry_after is None


@pytest.mark.parametrize("secret", ["rk_live_51Loja", "sk_test_1", "ana@example.com", "4242424242424242"])
def test_what_stripe_quotes_is_not_repeated(secret: str) -> None:
    reason = attempt_of(400, refusal(message=f"Invalid: {secret} is wrong"), {}).reason

    assert reason is not None
    assert secret not in reason
    assert "is wrong" in reason
