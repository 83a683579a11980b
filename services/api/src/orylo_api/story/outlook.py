"""Steps of a payment that are still to come, or never will, with the reason."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from orylo_api.conversions.models import Conversion, ConversionStatus
from orylo_api.payments.models import Payment, PaymentState
from orylo_api.story.models import Outlook, OutlookTime, PartStatus, PaymentStory
from orylo_common.messages import Decision

# Meta refuses older events (`orylo_dispatch`).
REPORTED_WITHIN = timedelta(days=7)
_UNPAID = {
    PaymentState.CREATED: (OutlookTime.NOT_YET, "not_paid", "It is reported once it is paid."),
    PaymentState.FAILED: (
        OutlookTime.NEVER,
        "declined",
        "It was declined. A later attempt that succeeds is reported.",
    ),
    PaymentState.CANCELED: (OutlookTime.NEVER, "canceled", "It was canceled without being paid."),
}
_SUPPRESSED = {
    "blocked": "It is kept back because the payment is blocked.",
    "test": "It is a test event of the gateway's panel.",
}


def outlook_of(story: PaymentStory, *, has_destination: bool, now: datetime) -> list[Outlook]:
    """Return the open steps. A part that failed has none."""
    return [
        *_decision(story),
        *_trust(story),
        *_conversions(story, has_destination=has_destination, now=now),
        *_actions(story),
    ]


def _decision(story: PaymentStory) -> Iterator[Outlook]:
    if story.decisions.status is PartStatus.MISSING:
        yield _outlook("decisions", OutlookTime.NOT_YET, "undecided", "The detector has not decided yet.")


def _trust(story: PaymentStory) -> Iterator[Outlook]:
    if story.trust.status is not PartStatus.MISSING:
        return
    if story.payment.customer_id is None:
        yield _outlook("trust", OutlookTime.NEVER, "no_customer", "No event names the buyer.")
    else:
        reason = "It has not changed the buyer's trust score. A clean payment counts some days after it was made."
        yield _outlook("trust", OutlookTime.NOT_YET, "no_effect", reason)


def _conversions(story: PaymentStory, *, has_destination: bool, now: datetime) -> Iterator[Outlook]:
    next_attempts = {each.conversion_id: each.next_attempt_at for each in story.deliveries.items}
    for conversion in story.conversions.items:
        yield from _conversion(conversion, next_attempts.get(conversion.id))
    if story.conversions.status is PartStatus.MISSING:
        yield _outlook("conversions", *_unreported(story.payment, story, has_destination=has_destination, now=now))


def _conversion(conversion: Conversion, due_at: datetime | None) -> Iterator[Outlook]:
    identifier = str(conversion.id)
    match conversion.status:
        case ConversionStatus.PENDING:
            wait = conversion.waiting_for
            code, reason = (wait.cause, wait.reason) if wait else ("due", None)
            reason = reason or "It is due, and sent within moments unless the destination does not answer."
            yield _outlook("conversions", OutlookTime.NOT_YET, code, reason, identifier, due_at)
        case ConversionStatus.SUPPRESSED:
            code = conversion.reason or "suppressed"
            reason = _SUPPRESSED.get(code, "It is deliberately not sent.")
            yield _outlook("conversions", OutlookTime.NEVER, code, reason, identifier)
        case ConversionStatus.FAILED:
            reason = conversion.reason or "The destination refused it."
            yield _outlook("conversions", OutlookTime.NEVER, conversion.code or "failed", reason, identifier)


def _unreported(
    payment: Payment, story: PaymentStory, *, has_destination: bool, now: datetime
) -> tuple[OutlookTime, str, str]:
    if payment.test:
        return OutlookTime.NEVER, "test", _SUPPRESSED["test"]
    if payment.state in _UNPAID:
        return _UNPAID[payment.state]
    if not has_destination:
        return OutlookTime.NEVER, "no_destination", "No destination is switched on."
    if payment.created_at < now - REPORTED_WITHIN:
        return OutlookTime.NEVER, "too_old", "Destinations accept events of the last seven days only."
    if story.decisions.status is PartStatus.MISSING:
        return OutlookTime.NOT_YET, "undecided", "It waits for the decision, up to ten minutes."
    return OutlookTime.NOT_YET, "unmatched", "Dispatch has not reported it yet."


def _actions(story: PaymentStory) -> Iterator[Outlook]:
    current = story.payment.decision
    blocked = current is not None and current.decision is Decision.BLOCK
    if blocked and story.actions.status is PartStatus.MISSING and story.payment.state is PaymentState.SUCCEEDED:
        reason = "Orylo does not refund it: actions on blocks are switched off, or not possible at this gateway."
        yield _outlook("actions", OutlookTime.NEVER, "no_action", reason)


def _outlook(
    part: str,
    when: OutlookTime,
    code: str,
    reason: str,
    identifier: str | None = None,
    due_at: datetime | None = None,
) -> Outlook:
    return Outlook(part=part, when=when, code=code, reason=reason, id=identifier, due_at=due_at)
