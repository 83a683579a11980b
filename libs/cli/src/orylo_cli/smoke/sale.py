"""The one sale of a smoke test: an ad click, and the webhook of the purchase that followed it."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random

from orylo_cli.simulate import hotmart, stripe
from orylo_cli.simulate.buyers import Buyer, buyer
from orylo_cli.simulate.hotmart import HotmartPurchase
from orylo_cli.simulate.requests import SimulatedGateway
from orylo_cli.simulate.stripe import StripePayment
from orylo_cli.simulate.visits import SimulatedVisit, new_visit

# 1.00 BRL.
AMOUNT_MINOR = 100
PRODUCT = "Orylo smoke test"


@dataclass(frozen=True, slots=True)
class SmokeSale:
    visit: SimulatedVisit
    visit_body: bytes
    user_agent: str
    gateway: SimulatedGateway
    payment_id: str
    webhook_body: bytes


def new_sale(gateway: SimulatedGateway, now: datetime) -> SmokeSale:
    """Return a sale with new ids and a new fictional buyer, so that no earlier test is in the way."""
    number = secrets.randbelow(10**9)
    person = buyer(number, 1)
    visit = new_visit(Random(number), int(now.timestamp() * 1000))  # noqa: S311  (ids, not secrets)
    native_id, body = _stripe(person, visit, now) if gateway == "stripe" else _hotmart(person, visit, now)
    return SmokeSale(
        visit, visit.body(buyer=person, kind="pageview"), person.user_agent, gateway, f"{gateway}:{native_id}", body
    )


def _stripe(person: Buyer, visit: SimulatedVisit, now: datetime) -> tuple[str, bytes]:
    at = int(now.timestamp())
    payment = StripePayment(
        native_id="smoke" + secrets.token_hex(8),
        buyer=person,
        card=person.card,
        method="card",
        amount_minor=AMOUNT_MINOR,
        currency="brl",
        description=PRODUCT,
        created=at,
        metadata={"client_ip": person.ip, "client_user_agent": person.user_agent, **visit.metadata()},
    )
    return f"pi_{payment.native_id}", stripe.intent_succeeded(payment, at)


def _hotmart(person: Buyer, visit: SimulatedVisit, now: datetime) -> tuple[str, bytes]:
    at_ms = int(now.timestamp()) * 1000
    purchase = HotmartPurchase(
        transaction=f"HPSMOKE{secrets.randbelow(10**12):012d}",
        buyer=person,
        product_id=1,
        product=PRODUCT,
        price=Decimal(AMOUNT_MINOR) / 100,
        payment_type="CREDIT_CARD",
        installments=1,
        ordered_ms=at_ms,
        click_id=visit.click_id,
    )
    return purchase.transaction, hotmart.webhook(purchase, "PURCHASE_APPROVED", at_ms)
