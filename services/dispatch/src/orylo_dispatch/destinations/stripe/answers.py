"""Classify Stripe's answers by the step that they ask for: none, a retry, or a person's.

By status, type and code of the error, which are documented; the texts are not.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from orylo_common.stripe_calls import quoted, wait_of
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt

# Codes of refusals that people can act on.
REASONS: Mapping[str, str] = {
    "charge_disputed": "The payment is disputed, and a disputed payment cannot be refunded. Respond to the dispute.",
    "payment_intent_unexpected_state": "The intent is in a state that cannot be cancelled.",
    "resource_missing": "Stripe does not know the payment: the key belongs to another account.",
    "balance_insufficient": "The balance at Stripe does not cover the refund. Add funds, then replay.",
}
CAPTURED = "The intent was captured before it could be cancelled. Refund it if the payment is still blocked."
STORED_FAILURE = "Stripe failed and will repeat this answer. Look at the payment at Stripe, then replay."


def attempt_of(status: int, answer: Mapping[str, Any] | None, headers: Mapping[str, str]) -> DeliveryAttempt:
    """Return the attempt that an answer amounts to. `answer` is its JSON object; `headers` are case-insensitive."""
    trace_id = headers.get("Request-Id", "")[:64] or None
    error = answer.get("error") if answer else None
    if status == 200 and answer and not error:
        return _accepted(answer, trace_id)
    error = error if isinstance(error, Mapping) else {}
    code = _text(error.get("code")) or _text(error.get("type")) or f"http {status}"
    outcome, reason, wait = _refused(status, code, error, headers)
    answered = outcome in (AttemptOutcome.DISPATCHED, AttemptOutcome.REFUSED)
    return DeliveryAttempt(outcome, code, reason, retry_after=wait, trace_id=trace_id, answered=answered)


def _accepted(answer: Mapping[str, Any], trace_id: str | None) -> DeliveryAttempt:
    """Return the attempt of a 200. Only a refund can have failed with one."""
    reference = _text(answer.get("id"))
    if answer.get("object") == "refund" and answer.get("status") in ("failed", "canceled"):
        reason = _text(answer.get("failure_reason")) or "without a reason"
        return DeliveryAttempt(
            AttemptOutcome.REFUSED, "refund_failed", f"Stripe could not refund: {reason}.", None, trace_id
        )
    if reference is None:
        return DeliveryAttempt(AttemptOutcome.UNKNOWN, "unreadable", "Stripe's answer has no id.", None, trace_id)
    return DeliveryAttempt(AttemptOutcome.DISPATCHED, trace_id=trace_id, reference=reference, answered=True)


def _refused(
    status: int, code: str, error: Mapping[str, Any], headers: Mapping[str, str]
) -> tuple[AttemptOutcome, str, timedelta | None]:
    """Return the outcome, the reason for people, and the time to wait."""
    said, wait = quoted(error), None
    if status == 401:
        outcome, reason = AttemptOutcome.TOKEN, "Stripe refuses the key. Enter a new one."
    elif status == 403:
        outcome, reason = AttemptOutcome.CONFIGURATION, "The key lacks a permission."
    elif status == 409 or code == "lock_timeout":
        outcome, reason = AttemptOutcome.THROTTLED, "Stripe is working on the payment already."
    elif status == 429:
        outcome, reason, wait = AttemptOutcome.THROTTLED, "Stripe limits the rate of calls.", wait_of(headers)
    elif status >= 500 and headers.get("Stripe-Should-Retry") == "false":
        outcome, reason = AttemptOutcome.REFUSED, STORED_FAILURE
    elif 400 <= status < 500 and error:
        outcome, reason = _final(code, error)
    else:
        outcome, reason = AttemptOutcome.UNKNOWN, "Stripe is failing."
    return outcome, reason if outcome is AttemptOutcome.DISPATCHED else reason + said, wait


def _final(code: str, error: Mapping[str, Any]) -> tuple[AttemptOutcome, str]:
    """Return the outcome of a refusal that no retry changes. A payment in the wanted state is done."""
    if code == "charge_already_refunded":
        return AttemptOutcome.DISPATCHED, "The payment had been refunded already."
    intent = error.get("payment_intent")
    if code == "payment_intent_unexpected_state" and isinstance(intent, Mapping):
        if intent.get("status") == "canceled":
            return AttemptOutcome.DISPATCHED, "The intent had been cancelled already."
        if intent.get("status") == "succeeded":
            return AttemptOutcome.REFUSED, CAPTURED
    return AttemptOutcome.REFUSED, REASONS.get(code) or "Stripe refuses the request."


def _text(value: object) -> str | None:
    return value[:500] if isinstance(value, str) and value else None
