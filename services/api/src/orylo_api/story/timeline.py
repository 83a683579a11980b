"""The steps of a payment's story in order."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from orylo_api.conversions.models import Conversion, ConversionStatus
from orylo_api.story.models import PaymentStory, StoryStep
from orylo_api.webhooks.models import ListedState, ReceivedWebhook

# Of steps at one time, those of an earlier part come first: they cause the others.
PARTS = ("webhooks", "decisions", "trust", "conversions", "deliveries", "actions", "fraud_signs", "audit")


class _Step(NamedTuple):
    at: datetime
    part: str
    kind: str
    id: str
    detail: str | None = None


def timeline_of(story: PaymentStory) -> list[StoryStep]:
    """Return all steps of the parts, by time. Gateways' clocks differ: none comes before the first webhook."""
    steps = list(_steps(story))
    arrivals = [each.created_at for each in story.webhooks.items]
    # Without its webhooks, the payment begins with the first step that Orylo's own clock gives.
    began = min(arrivals or [each.at for each in steps if each.part != "trust"], default=story.payment.created_at)
    steps.sort(key=lambda each: (max(each.at, began), PARTS.index(each.part)))
    return [
        StoryStep(offset_ms=max(0, round((each.at - began) / timedelta(milliseconds=1))), **each._asdict())
        for each in steps
    ]


def _steps(story: PaymentStory) -> Iterator[_Step]:
    for webhook in story.webhooks.items:
        yield from _of_webhook(webhook)
    for decision in story.decisions.items:
        yield _Step(decision.created_at, "decisions", "decided", str(decision.id), decision.decision)
    for change in story.trust.items:
        detail = f"{change.score_before} → {change.score_after}"
        yield _Step(change.occurred_at, "trust", change.cause, f"{change.customer_id}/{change.version}", detail)
    for conversion in story.conversions.items:
        yield from _of_conversion(conversion)
    for delivery in story.deliveries.items:
        for attempt in delivery.attempts:
            detail = f"{attempt.number}: {attempt.outcome}"
            yield _Step(attempt.at, "deliveries", "attempted", str(delivery.conversion_id), detail)
    for action in story.actions.items:
        yield _Step(action.updated_at, "actions", action.status, str(action.id), action.action)
    for sign in story.fraud_signs.items:
        yield _Step(sign.at, "fraud_signs", sign.sign, sign.id or sign.kind, sign.reason)
    for line in story.audit.items:
        yield _Step(line.at, "audit", line.action, str(line.id), line.actor)


def _of_webhook(webhook: ReceivedWebhook) -> Iterator[_Step]:
    kind, identifier = webhook.type or webhook.state, str(webhook.id)
    yield _Step(webhook.created_at, "webhooks", kind, identifier, webhook.state)
    if webhook.deliveries > 1:
        yield _Step(webhook.last_received_at, "webhooks", kind, identifier, ListedState.DUPLICATE)


def _of_conversion(conversion: Conversion) -> Iterator[_Step]:
    identifier = str(conversion.id)
    # The time in its id may be a millisecond after that of the transaction, which may have kept it back at once.
    matched_at = min(conversion.created_at, conversion.updated_at)
    yield _Step(matched_at, "conversions", "matched", identifier, conversion.match.method)
    if conversion.status is not ConversionStatus.PENDING:
        yield _Step(conversion.updated_at, "conversions", conversion.status, identifier, conversion.reason)
