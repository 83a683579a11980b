"""Sequences of Stripe's events that real shops receive, and the outcome on the whole platform."""

import secrets
import string
import time
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from tests.support.eventually import eventually
from tests.support.meta_process import MetaProcess
from tests.support.shops import Shop

pytestmark = pytest.mark.e2e

AMOUNT = 20_000


class Sale:
    """Builds the events of one customer's payments, each a second after the one before."""

    def __init__(self, *, description: str | None = None) -> None:
        self.run = _letters()
        self.description = description
        self._at = int(time.time()) - 60

    def id(self, prefix: str, number: object = 1) -> str:
        return f"{prefix}_{self.run}{number}"

    def payment_id(self, prefix: str = "pi", number: object = 1) -> str:
        return f"stripe:{self.id(prefix, number)}"

    def event(self, type_: str, source: dict[str, Any]) -> bytes:
        self._at += 1
        common = {"currency": "brl", "customer": self.id("cus", ""), "created": self._at, "livemode": True}
        event = {
            "id": f"evt_{_letters()}",
            "object": "event",
            "api_version": "2025-09-30.clover",
            "created": self._at,
            "livemode": True,
            "type": type_,
            "data": {"object": common | source},
        }
        return orjson.dumps(event)

    def charge(self, type_: str, number: int = 1, **changes: Any) -> bytes:
        charge = {
            "id": self.id("ch", number),
            "object": "charge",
            "amount": AMOUNT,
            "amount_captured": AMOUNT,
            "amount_refunded": 0,
            "captured": True,
            "refunded": False,
            "description": self.description,
            "payment_intent": self.id("pi", number),
            "billing_details": {"email": f"ana.{self.run}@example.com", "name": "Ana Prado"},
            "payment_method_details": {"type": "card", "card": {"brand": "visa", "fingerprint": f"fp{self.run}"}},
        }
        return self.event(type_, charge | changes)

    def intent(self, type_: str, number: int = 1, **changes: Any) -> bytes:
        intent = {
            "id": self.id("pi", number),
            "object": "payment_intent",
            "amount": AMOUNT,
            "amount_received": AMOUNT,
            "description": self.description,
            "latest_charge": self.id("ch", number),
            "receipt_email": f"ana.{self.run}@example.com",
        }
        return self.event(type_, intent | changes)

    def invoice(self, type_: str, number: int = 1, **changes: Any) -> bytes:
        invoice = {
            "id": self.id("in", number),
            "object": "invoice",
            "amount_due": AMOUNT,
            "amount_paid": AMOUNT,
            "attempt_count": 1,
            "billing_reason": "subscription_cycle",
            "customer_email": f"ana.{self.run}@example.com",
            "parent": {"subscription_details": {"subscription": self.id("sub", number)}},
            "status_transitions": {"finalized_at": self._at, "paid_at": None},
        }
        return self.event(type_, invoice | changes)

    def refund(self, type_: str, refund: str, amount: int, status: str) -> bytes:
        source = {"id": self.id("re", refund), "object": "refund", "amount": amount, "status": status}
        return self.event(type_, source | {"charge": self.id("ch"), "payment_intent": self.id("pi")})

    def dispute(self, type_: str, dispute: str, status: str) -> bytes:
        source = {"id": self.id("du", dispute), "object": "dispute", "amount": 8000, "status": status}
        source |= {"charge": self.id("ch"), "payment_intent": self.id("pi"), "customer": None}
        return self.event(f"charge.dispute.{type_}", source)


def _letters() -> str:
    """Draw an id without digits: a long row of digits may look like a card number, which ingest quarantines."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(16))


async def send(shop: Shop, *events: bytes) -> None:
    for event in events:
        assert (await shop.send_stripe(event)).status == 202


async def shows(shop: Shop, payment_id: str, *, trust: int | None = None, **expected: Any) -> None:
    """Wait until the API shows a payment, and its customer's score, as expected."""
    seen: dict[str, Any] = {}

    async def as_expected() -> bool:
        payment = (await shop.get(f"/api/v1/payments/{payment_id}")).body
        seen.update({name: payment.get(name) for name in expected})
        if trust is not None:
            customer = (await shop.get(f"/api/v1/customers/{payment.get('customer_id')}")).body
            seen["trust"] = customer.get("trust_score")
        return seen == expected | ({} if trust is None else {"trust": trust})

    try:
        await eventually(as_expected)
    except (AssertionError, TimeoutError) as error:
        raise AssertionError(f"{payment_id}: {seen}, expected {expected}, trust {trust}") from error


async def test_two_equal_charges_of_one_customer_are_two_sales(shop: Shop, meta: MetaProcess) -> None:
    for description, kind in (("Subscription update", "charge"), ("Subscription creation", "intent")):
        sale = Sale(description=description)
        for number in (1, 2):
            await send(
                shop,
                sale.charge("charge.succeeded", number)
                if kind == "charge"
                else sale.intent("payment_intent.succeeded", number),
            )
        for number in (1, 2):
            payment_id = sale.payment_id(number=number)
            await shop.detections(payment_id, 1)
            assert (await shop.conversion(payment_id))["status"] == "dispatched"
            assert meta.counted()[payment_id] == 1


async def test_a_sale_reported_under_its_invoice_is_refunded_and_disputed(shop: Shop, meta: MetaProcess) -> None:
    sale = Sale(description="Subscription update")
    await send(
        shop,
        sale.invoice("invoice.paid"),
        sale.intent("payment_intent.succeeded"),
        sale.charge("charge.succeeded"),
        sale.charge("charge.refunded", amount_refunded=AMOUNT, refunded=True),
    )
    invoice = sale.payment_id("in")
    await shows(shop, invoice, state="refunded", refunded_minor=AMOUNT, trust=47)
    assert (await shop.conversion(invoice))["status"] == "dispatched"
    assert meta.counted()[invoice] == 1
    await send(shop, sale.dispute("created", "A", "needs_response"))
    await shows(shop, invoice, state="disputed", trust=0)
    assert (await shop.get(f"/api/v1/payments/{sale.payment_id()}")).status == 404


async def test_a_declined_renewal_is_one_attempt_and_its_retry_the_same_payment(shop: Shop) -> None:
    sale = Sale(description="Subscription update")
    error = {"code": "card_declined", "decline_code": "insufficient_funds", "charge": sale.id("ch")}
    await send(
        shop,
        sale.intent("payment_intent.payment_failed", amount_received=0, last_payment_error=error),
        sale.invoice("invoice.payment_failed", amount_paid=0),
        sale.charge("charge.failed", captured=False, amount_captured=0),
    )
    payment_id = sale.payment_id()
    await shows(shop, payment_id, state="failed")
    await shop.detections(payment_id, 1)
    await send(shop, sale.charge("charge.succeeded", id=sale.id("ch", 9)), sale.invoice("invoice.paid"))
    await shows(shop, payment_id, state="succeeded", trust=52)
    await shop.detections(payment_id, 2)
    assert (await shop.get(f"/api/v1/payments/{sale.payment_id('in')}")).status == 404


async def test_a_failed_refund_gives_sale_and_points_back(shop: Shop) -> None:
    sale = Sale()
    await send(
        shop,
        sale.charge("charge.succeeded"),
        sale.charge("charge.refunded", amount_refunded=5000),
        sale.charge("charge.refunded", amount_refunded=AMOUNT, refunded=True),
    )
    await shows(shop, sale.payment_id(), state="refunded", refunded_minor=AMOUNT, trust=47)
    await send(shop, *(sale.refund(kind, "B", 15_000, "failed") for kind in ("refund.failed", "refund.updated")))
    await shows(shop, sale.payment_id(), state="partially_refunded", refunded_minor=5000, trust=51)
    await send(shop, sale.refund("charge.refund.updated", "A", 5000, "canceled"))
    await shows(shop, sale.payment_id(), state="succeeded", refunded_minor=0, trust=52)


@pytest.mark.parametrize(
    ("reports", "state", "trust"),
    [
        (
            [("created", "A", "needs_response"), ("created", "B", "needs_response"), ("closed", "B", "won")],
            "disputed",
            2,
        ),
        (
            [("created", "A", "needs_response"), ("closed", "A", "lost"), ("funds_reinstated", "A", "won")],
            "dispute_won",
            52,
        ),
        ([("closed", "A", "lost"), ("closed", "B", "won"), ("created", "C", "needs_response")], "chargeback", 0),
    ],
)
async def test_disputes_of_one_payment_are_kept_apart(
    shop: Shop, reports: Sequence[tuple[str, str, str]], state: str, trust: int
) -> None:
    sale = Sale()
    await send(shop, sale.charge("charge.succeeded"), *(sale.dispute(*report) for report in reports))
    await shows(shop, sale.payment_id(), state=state, trust=trust)


async def test_a_blocked_payment_gives_its_buyer_no_points(shop: Shop) -> None:
    buyer = Sale()
    numbers = range(1, 41)
    for number in numbers:
        await send(shop, buyer.charge("charge.succeeded", number))
    payments = [buyer.payment_id(number=number) for number in numbers]
    decisions = [(await shop.detections(payment_id, 1))[0]["decision"] for payment_id in payments]
    clean = sum(decision != "block" for decision in decisions)
    assert 0 < clean < len(numbers)
    await shows(shop, payments[0], state="succeeded", trust=50 + min(10, 2 * clean))
