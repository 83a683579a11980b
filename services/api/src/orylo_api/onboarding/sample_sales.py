"""Sample sales: what the pages look like before a shop's first webhook. No I/O.

They are rows of the read models only, written by the API. They count in no sum, because they are tests, and take no
verdict, because the other services do not know them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from orylo_api.read_models.keys import derived_uuid
from orylo_common.ids import uuid7
from orylo_common.messages import (
    Card,
    Decision,
    DetectionCreated,
    PaymentFact,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
    Product,
    ReasonPoints,
)

Gateway = Literal["stripe", "hotmart", "kiwify", "perfectpay"]
Points = tuple[tuple[str, int], ...]

NEW_CUSTOMER = ("trust_history.new_customer", 7)
MANY_ATTEMPTS = ("velocity.card.1h", 58)
MANY_CARDS = ("card_testing.device.1h.cards", 31)


@dataclass(frozen=True, slots=True)
class SampleSale:
    """A sale that happened `minutes` ago. The points of its reasons add up to its risk."""

    number: int
    gateway: Gateway
    minutes: int
    amount_minor: int
    method: Literal["card", "pix", "boleto"]
    decision: Decision
    points: Points = ()
    kind: type[PaymentFact] = PaymentSucceeded

    @property
    def payment_id(self) -> str:
        # Onboarding ignores payments with this mark, `SAMPLE_PAYMENTS`.
        mark = "pi_sample_data" if self.gateway == "stripe" else "sample-data"
        return f"{self.gateway}:{mark}_{self.number}"


SAMPLE_SALES = (
    SampleSale(1, "stripe", 2, 29_700, "card", Decision.ALLOW, (NEW_CUSTOMER,)),
    SampleSale(2, "hotmart", 9, 19_700, "pix", Decision.ALLOW),
    SampleSale(3, "stripe", 14, 249_000, "card", Decision.BLOCK, (MANY_ATTEMPTS, MANY_CARDS)),
    SampleSale(4, "kiwify", 26, 49_700, "boleto", Decision.ALLOW, (NEW_CUSTOMER,)),
    SampleSale(5, "stripe", 41, 119_000, "card", Decision.REVIEW, (("velocity.device.1h", 48), NEW_CUSTOMER)),
    SampleSale(6, "perfectpay", 75, 9_700, "card", Decision.ALLOW, kind=PaymentFailed),
    SampleSale(7, "hotmart", 130, 99_700, "card", Decision.ALLOW, kind=PaymentRefunded),
    SampleSale(8, "kiwify", 240, 29_700, "pix", Decision.ALLOW),
)
SAMPLE_PAYMENT_IDS = tuple(sale.payment_id for sale in SAMPLE_SALES)


def sample_messages(tenant_id: UUID, now: datetime) -> Iterator[tuple[PaymentFact, DetectionCreated]]:
    """Yield each sale with its decision, as ingest and detector would report them."""
    for sale in SAMPLE_SALES:
        payment = _payment(sale, tenant_id, now - timedelta(minutes=sale.minutes))
        yield payment, _detection(sale, payment)


def _payment(sale: SampleSale, tenant_id: UUID, at: datetime) -> PaymentFact:
    refund = {"refunded_minor": sale.amount_minor} if sale.kind is PaymentRefunded else {}
    message_id = uuid7()
    return sale.kind(
        message_id=message_id,
        correlation_id=message_id,
        tenant_id=tenant_id,
        occurred_at=at,
        event_id=str(message_id),
        gateway=sale.gateway,
        gateway_event_type="sample",
        payment_id=sale.payment_id,
        amount_minor=sale.amount_minor,
        currency="BRL",
        payment_method=sale.method,
        card=Card(brand="visa", last4="4242", country="BR") if sale.method == "card" else None,
        products=(Product(product_id="sample", name="Sample course"),),
        livemode=False,
        test=True,
        **refund,
    )


def _detection(sale: SampleSale, payment: PaymentFact) -> DetectionCreated:
    return DetectionCreated(
        message_id=uuid7(),
        correlation_id=payment.correlation_id,
        tenant_id=payment.tenant_id,
        occurred_at=payment.occurred_at,
        # It holds no time, so the decision is shown at the time of the sale. Two requests at once insert it once.
        detection_id=derived_uuid(f"sample {payment.tenant_id} {payment.payment_id}"),
        event_id=payment.event_id,
        payment_id=payment.payment_id,
        gateway=payment.gateway,
        payment_type=payment.type,
        decision=sale.decision,
        risk_score=sum(points for _, points in sale.points),
        reasons=tuple(reason for reason, _ in sale.points),
        points=tuple(
            ReasonPoints(reason=reason, detector=reason.partition(".")[0], points=points)
            for reason, points in sale.points
        ),
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        livemode=False,
        test=True,
        version=1,
    )
