"""The order of a payment's story, and what it says has not happened."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from orylo_api.conversions.models import (
    Conversion,
    ConversionMatch,
    ConversionStatus,
    ConversionWait,
    ListedAttempt,
    WaitCause,
)
from orylo_api.payments.models import Payment, PaymentDecision, PaymentState
from orylo_api.story.models import (
    ActionsPart,
    AuditPart,
    ConversionsPart,
    DecisionsPart,
    DeliveriesPart,
    FraudSign,
    FraudSignsPart,
    PartStatus,
    PaymentStory,
    StoryDelivery,
    TrustEffect,
    TrustPart,
    WebhooksPart,
)
from orylo_api.story.outlook import outlook_of
from orylo_api.story.timeline import timeline_of
from orylo_api.webhooks.models import ReceivedWebhook, WebhookState
from orylo_common.messages import Decision, TrustStatus
from tests.unit.api.builders import CUSTOMER, DESTINATION, NOON, PAYMENT

ID = UUID(int=7)
MS = timedelta(milliseconds=1)


def paid(**changes: Any) -> Payment:
    fields: dict[str, Any] = {
        "id": PAYMENT, "gateway": "stripe", "customer_id": CUSTOMER, "state": PaymentState.SUCCEEDED,
        "amount_minor": 1250, "refunded_minor": 0, "currency": "BRL", "payment_method": "card", "card_brand": None,
        "card_last4": None, "card_country": None, "products": [], "livemode": True, "test": False, "decision": None,
        "actions": [], "created_at": NOON, "updated_at": NOON,
    }  # fmt: skip
    return Payment(**{**fields, **changes})


def sent(**changes: Any) -> Conversion:
    fields: dict[str, Any] = {
        "id": ID, "event_id": "evt_1", "payment_id": PAYMENT, "destination": "meta", "destination_id": DESTINATION,
        "event_name": "Purchase", "status": ConversionStatus.DISPATCHED, "attempts": 1, "reason": None, "code": None,
        "match": ConversionMatch(method="fbc", confidence=1, click_id="clk", tried=[], utm=None),
        "amount_minor": 1, "currency": "BRL",
        "correction": None, "waiting_for": None, "created_at": NOON + 15 * MS, "updated_at": NOON + 400 * MS,
    }  # fmt: skip
    return Conversion(**{**fields, **changes})


def webhook(kind: str, received_at: datetime, **changes: Any) -> ReceivedWebhook:
    fields: dict[str, Any] = {
        "id": ID, "state": WebhookState.ACCEPTED, "gateway": "stripe", "type": kind, "gateway_event_id": f"evt_{kind}",
        "payment_id": PAYMENT, "message_type": None, "status": 202, "code": None, "reason": None, "deliveries": 1,
        "remote": None, "occurred_at": NOON, "created_at": received_at, "last_received_at": received_at,
    }  # fmt: skip
    return ReceivedWebhook(**{**fields, **changes})


def delivered(*outcomes: str, next_attempt_at: datetime | None = None) -> StoryDelivery:
    attempts = [
        ListedAttempt(
            number=number, at=NOON + 300 * MS, outcome=outcome, code=None, reason=None, duration_ms=90, trace_id=None
        )
        for number, outcome in enumerate(outcomes, start=1)
    ]
    return StoryDelivery(
        conversion_id=ID, state="pending", next_attempt_at=next_attempt_at, event=None, attempts=attempts
    )


PARTS: dict[str, Any] = {
    "webhooks": WebhooksPart, "decisions": DecisionsPart, "trust": TrustPart, "conversions": ConversionsPart,
    "deliveries": DeliveriesPart, "actions": ActionsPart, "fraud_signs": FraudSignsPart, "audit": AuditPart,
}  # fmt: skip


def story(payment: Payment | None = None, failed: tuple[str, ...] = (), **parts: list[Any]) -> PaymentStory:
    def part(name: str) -> Any:
        if name in failed:
            return PARTS[name](status=PartStatus.FAILED, items=[])
        items = parts.get(name, [])
        return PARTS[name](status=PartStatus.OK if items else PartStatus.MISSING, items=items)

    return PaymentStory(payment=payment or paid(), generated_at=NOON, **{name: part(name) for name in PARTS})


def open_points(whole: PaymentStory, *, has_destination: bool = True, days: int = 0) -> dict[str, tuple[str, str]]:
    found = outlook_of(whole, has_destination=has_destination, now=NOON + timedelta(days=days))
    return {each.part: (each.when.value, each.code) for each in found}


def test_steps_are_ordered_and_measured_from_the_first_webhook() -> None:
    change = TrustEffect(
        customer_id=CUSTOMER, version=3, score_before=52, score_after=2, status=TrustStatus.NEUTRAL,
        # The gateway's clock is behind.
        cause="dispute_opened", actor=None, reason=None, occurred_at=NOON - timedelta(hours=1),
    )  # fmt: skip
    disputed = FraudSign(kind="dispute", id="dp_1", sign="disputed", actor=None, reason=None, at=NOON + 900 * MS)
    whole = story(
        webhooks=[webhook("charge.succeeded", NOON), webhook("dispute.created", NOON + 5 * MS)],
        trust=[change],
        conversions=[sent()],
        deliveries=[delivered("dispatched")],
        fraud_signs=[disputed],
    )

    steps = timeline_of(whole)

    assert [(each.part, each.kind, each.offset_ms) for each in steps] == [
        ("webhooks", "charge.succeeded", 0),
        ("trust", "dispute_opened", 0),
        ("webhooks", "dispute.created", 5),
        ("conversions", "matched", 15),
        ("deliveries", "attempted", 300),
        ("conversions", "dispatched", 400),
        ("fraud_signs", "disputed", 900),
    ]
    assert (steps[1].detail, steps[4].detail) == ("52 → 2", "1: dispatched")


def test_a_repeated_webhook_has_a_step_for_its_last_delivery() -> None:
    told_before = webhook("charge.succeeded", NOON + 3 * MS, state=WebhookState.ALREADY_REPORTED)
    repeated = webhook("payment_intent.succeeded", NOON, deliveries=4, last_received_at=NOON + 9 * MS)

    steps = timeline_of(story(webhooks=[repeated, told_before]))

    assert [(each.kind, each.detail, each.offset_ms) for each in steps] == [
        ("payment_intent.succeeded", "accepted", 0),
        ("charge.succeeded", "already_reported", 3),
        ("payment_intent.succeeded", "duplicate", 9),
    ]


def test_a_conversion_is_matched_before_it_is_kept_back_although_its_id_is_newer() -> None:
    kept = sent(status=ConversionStatus.SUPPRESSED, created_at=NOON + MS, updated_at=NOON)
    steps = timeline_of(story(conversions=[kept]))

    assert [each.kind for each in steps] == ["matched", "suppressed"]


def test_without_its_webhooks_a_story_has_a_timeline() -> None:
    steps = timeline_of(story(failed=("webhooks",), conversions=[sent()]))

    assert [(each.kind, each.offset_ms) for each in steps] == [("matched", 0), ("dispatched", 385)]
    assert timeline_of(story()) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"test": True}, ("never", "test")),
        ({"state": PaymentState.CREATED}, ("not_yet", "not_paid")),
        ({"state": PaymentState.FAILED}, ("never", "declined")),
        ({"state": PaymentState.CANCELED}, ("never", "canceled")),
        ({}, ("not_yet", "undecided")),
    ],
)
def test_a_payment_that_is_not_reported_says_why(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert open_points(story(paid(**changes)))["conversions"] == expected


def test_a_paid_payment_without_conversions_depends_on_destinations_and_age() -> None:
    assert open_points(story(), has_destination=False)["conversions"] == ("never", "no_destination")
    assert open_points(story(), days=8)["conversions"] == ("never", "too_old")
    assert open_points(story(failed=("decisions",)))["conversions"] == ("not_yet", "unmatched")


def test_each_conversion_says_what_it_waits_for() -> None:
    due = NOON + timedelta(minutes=1)
    hold = ConversionWait(cause=WaitCause.DESTINATION_ON_HOLD, reason="The token ended.", code="190", since=NOON)
    pending = ConversionStatus.PENDING
    found = outlook_of(
        story(
            conversions=[
                sent(status=pending),
                sent(id=UUID(int=8), status=pending, waiting_for=hold),
                sent(status=ConversionStatus.SUPPRESSED, reason="blocked"),
                sent(status=ConversionStatus.FAILED, reason="refused", code="100"),
                sent(),
            ],
            deliveries=[delivered("transient", next_attempt_at=due)],
        ),
        has_destination=True,
        now=NOON,
    )

    assert [(each.when, each.code, each.due_at) for each in found if each.part == "conversions"] == [
        ("not_yet", "due", due),
        ("not_yet", "destination_on_hold", None),
        ("never", "blocked", None),
        ("never", "100", None),
    ]


def test_nothing_is_said_about_a_part_that_failed() -> None:
    assert open_points(story(failed=("decisions", "trust", "conversions", "actions"))) == {}


def test_a_block_without_an_action_and_a_payment_without_a_buyer() -> None:
    blocked = PaymentDecision(id=ID, decision=Decision.BLOCK, risk_score=90, version=1, created_at=NOON)
    found = open_points(story(paid(decision=blocked, customer_id=None)))

    assert found["actions"] == ("never", "no_action")
    assert found["trust"] == ("never", "no_customer")
    assert "actions" not in open_points(story(paid(decision=blocked, state=PaymentState.FAILED)))
