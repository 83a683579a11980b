"""Customer journeys around a purchase: each one schedules a list of webhooks and visits.

Time is compressed: a week takes `WEEK_S` seconds, so that refunds and disputes happen within a run while the
timestamps of all events stay close to the present.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from random import Random

from orylo_cli.simulate import hotmart, stripe
from orylo_cli.simulate.buyers import Buyer, TestCard, new_card
from orylo_cli.simulate.hotmart import HotmartPurchase
from orylo_cli.simulate.requests import SimulatedGateway
from orylo_cli.simulate.stripe import StripePayment
from orylo_cli.simulate.visits import SimulatedVisit, new_visit

WEEK_S = 4.0

_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_DECLINES = ("insufficient_funds", "generic_decline", "do_not_honor", "expired_card", "incorrect_cvc")


@dataclass(frozen=True, slots=True)
class CatalogueProduct:
    number: int
    name: str
    price_minor: int
    currency: str = "brl"


# In this catalogue Hotmart sells in reais only. Stripe also sells in dollars, and in yen, which has no minor unit.
LOCAL_PRODUCTS = (
    CatalogueProduct(4100231, "Curso de Fotografia", 29_700),
    CatalogueProduct(4100232, "Inglês em 90 dias", 49_700),
    CatalogueProduct(4100233, "Planilhas Essenciais", 4_790),
    CatalogueProduct(4100234, "Mentoria de Vendas", 149_700),
    CatalogueProduct(4100235, "Clube de Receitas", 1_990),
)
PRODUCTS = (
    *LOCAL_PRODUCTS,
    CatalogueProduct(4100236, "Design Course", 7_900, "usd"),
    CatalogueProduct(4100237, "Shashin Kōza", 4_800, "jpy"),
)


@dataclass(frozen=True, slots=True)
class ScheduledEvent:
    """A webhook or a visit, `at_s` seconds after the start of the run. A visit has no gateway."""

    at_s: float
    body: bytes
    gateway: SimulatedGateway | None = None
    ip: str | None = None
    user_agent: str | None = None


@dataclass(slots=True)
class JourneyBuilder:
    """Collects the events of one journey.

    `rng` decides what happens and depends on the seed alone. `ids` also depends on the start of the run: a second run
    with the same seed has the same journeys with other purchases.
    """

    rng: Random
    ids: Random
    epoch: datetime
    # The time of the first webhook. A visit moves it, because the buyer pays after visiting the page.
    now_s: float
    events: list[ScheduledEvent] = field(default_factory=list)

    def seconds(self, after_s: float = 0.0) -> int:
        return int(self.epoch.timestamp() + self.now_s + after_s)

    def milliseconds(self, after_s: float = 0.0) -> int:
        return int((self.epoch.timestamp() + self.now_s + after_s) * 1000)

    def native_id(self) -> str:
        return "3S" + "".join(self.ids.choices(_ID_ALPHABET, k=20))

    def stripe(self, after_s: float, body: Callable[[int], bytes]) -> None:
        self.events.append(ScheduledEvent(self.now_s + after_s, body(self.seconds(after_s)), "stripe"))

    def hotmart(self, after_s: float, purchase: HotmartPurchase, event: hotmart.HotmartEvent) -> None:
        body = hotmart.webhook(purchase, event, self.milliseconds(after_s))
        self.events.append(ScheduledEvent(self.now_s + after_s, body, "hotmart"))

    def visit(self, buyer: Buyer) -> SimulatedVisit | None:
        """Schedule the buyer's visit from an advertisement, which 75 % of buyers have."""
        if self.rng.random() > 0.75:
            return None
        visit = new_visit(self.ids, self.milliseconds())
        for after_s, kind in ((0.0, "pageview"), (0.6, "checkout")):
            body = visit.body(buyer=buyer, kind=kind)
            self.events.append(ScheduledEvent(self.now_s + after_s, body, None, buyer.ip, buyer.user_agent))
        self.now_s += 1.0
        return visit


Journey = Callable[[JourneyBuilder, Buyer], None]


def stripe_sale(journey: JourneyBuilder, buyer: Buyer) -> None:
    _stripe_paid(journey, _stripe_payment(journey, buyer))


def stripe_pix(journey: JourneyBuilder, buyer: Buyer) -> None:
    payment = _stripe_payment(journey, buyer, method="pix", product=journey.rng.choice(LOCAL_PRODUCTS))
    journey.stripe(0.0, lambda at: stripe.intent_created(payment, at))
    journey.stripe(0.2, lambda at: stripe.pix_displayed(payment, at))
    if journey.rng.random() < 0.2:
        journey.stripe(11.0, lambda at: stripe.intent_canceled(payment, at))
        return
    journey.stripe(5.0, lambda at: stripe.charge_succeeded(payment, at))
    journey.stripe(5.2, lambda at: stripe.intent_succeeded(payment, at))


def stripe_second_attempt(journey: JourneyBuilder, buyer: Buyer) -> None:
    """The first attempt is declined, the second one succeeds."""
    payment = _stripe_payment(journey, buyer)
    _stripe_declined(journey, payment)
    journey.stripe(4.0, lambda at: stripe.charge_succeeded(payment, at, attempt=2))
    journey.stripe(4.2, lambda at: stripe.intent_succeeded(payment, at, attempt=2))


def stripe_declined(journey: JourneyBuilder, buyer: Buyer) -> None:
    _stripe_declined(journey, _stripe_payment(journey, buyer))


def stripe_unusual_amount(journey: JourneyBuilder, buyer: Buyer) -> None:
    """The amount is many times the price of any other product."""
    product = CatalogueProduct(4100240, "Pacote Corporativo", journey.rng.randrange(1_200_000, 3_000_000, 10_000))
    _stripe_paid(journey, _stripe_payment(journey, buyer, product=product))


def stripe_refund(journey: JourneyBuilder, buyer: Buyer) -> None:
    payment = _stripe_payment(journey, buyer)
    _stripe_paid(journey, payment)
    partly = journey.rng.random() < 0.3
    refunded = payment.amount_minor // 2 if partly else payment.amount_minor
    journey.stripe(WEEK_S * 1.5, lambda at: stripe.charge_refunded(payment, at, refunded_minor=refunded))


def stripe_dispute(journey: JourneyBuilder, buyer: Buyer) -> None:
    """The card network may send a fraud warning; weeks later a dispute is opened, and later it is closed."""
    payment = _stripe_payment(journey, buyer)
    _stripe_paid(journey, payment)
    opened_s = WEEK_S * journey.rng.uniform(2, 5)
    won = journey.rng.random() < 0.3
    if journey.rng.random() < 0.5:
        journey.stripe(opened_s - WEEK_S, lambda at: stripe.fraud_warned(payment, at))
    journey.stripe(opened_s, lambda at: stripe.dispute_opened(payment, at))
    journey.stripe(opened_s + WEEK_S * 4, lambda at: stripe.dispute_closed(payment, at, won=won))


def card_testing(journey: JourneyBuilder, buyer: Buyer) -> None:
    """A fraudster tests stolen cards with small amounts from one IP address; a few succeed."""
    attempts = journey.rng.randrange(12, 25)
    ip = f"198.51.100.{journey.rng.randrange(1, 255)}"
    for number in range(attempts):
        card = new_card(journey.rng, country=journey.rng.choice(("US", "GB", "FR", "MX")))
        product = CatalogueProduct(4100241, "Doação", journey.rng.randrange(100, 600))
        payment = _stripe_payment(journey, buyer, product=product, card=card, ip=ip)
        start_s = number * 0.4
        if journey.rng.random() < 0.1:
            _stripe_paid(journey, payment, start_s=start_s)
        else:
            _stripe_declined(journey, payment, start_s=start_s)


def hotmart_sale(journey: JourneyBuilder, buyer: Buyer) -> None:
    purchase = _hotmart_purchase(journey, buyer, "CREDIT_CARD")
    journey.hotmart(0.0, purchase, "PURCHASE_APPROVED")
    journey.hotmart(WEEK_S, purchase, "PURCHASE_COMPLETE")


def hotmart_pix(journey: JourneyBuilder, buyer: Buyer) -> None:
    purchase = _hotmart_purchase(journey, buyer, "PIX" if journey.rng.random() < 0.8 else "BILLET")
    journey.hotmart(0.0, purchase, "PURCHASE_BILLET_PRINTED")
    if journey.rng.random() < 0.25:
        journey.hotmart(19.0, purchase, "PURCHASE_EXPIRED")
    else:
        journey.hotmart(6.0, purchase, "PURCHASE_APPROVED")


def hotmart_declined(journey: JourneyBuilder, buyer: Buyer) -> None:
    journey.hotmart(0.0, _hotmart_purchase(journey, buyer, "CREDIT_CARD"), "PURCHASE_CANCELED")


def hotmart_refund(journey: JourneyBuilder, buyer: Buyer) -> None:
    purchase = _hotmart_purchase(journey, buyer, "CREDIT_CARD")
    journey.hotmart(0.0, purchase, "PURCHASE_APPROVED")
    journey.hotmart(WEEK_S, purchase, "PURCHASE_PROTEST")
    journey.hotmart(WEEK_S * 1.2, purchase, "PURCHASE_REFUNDED")


def hotmart_chargeback(journey: JourneyBuilder, buyer: Buyer) -> None:
    purchase = _hotmart_purchase(journey, buyer, "CREDIT_CARD")
    journey.hotmart(0.0, purchase, "PURCHASE_APPROVED")
    journey.hotmart(WEEK_S * journey.rng.uniform(3, 6), purchase, "PURCHASE_CHARGEBACK")


# Relative frequencies. One run of card testing is some fifty webhooks.
JOURNEYS: dict[SimulatedGateway, tuple[tuple[Journey, float], ...]] = {
    "stripe": (
        (stripe_sale, 36),
        (stripe_pix, 9),
        (stripe_second_attempt, 6),
        (stripe_declined, 5),
        (stripe_unusual_amount, 1),
        (stripe_refund, 3),
        (stripe_dispute, 2),
        (card_testing, 0.5),
    ),
    "hotmart": (
        (hotmart_sale, 22),
        (hotmart_pix, 10),
        (hotmart_declined, 3),
        (hotmart_refund, 2),
        (hotmart_chargeback, 1),
    ),
}

# The first journeys of every run: even a short one shows each kind.
OPENING: tuple[tuple[SimulatedGateway, Journey], ...] = (
    ("stripe", stripe_sale),
    ("hotmart", hotmart_sale),
    ("stripe", stripe_pix),
    ("stripe", stripe_dispute),
    ("hotmart", hotmart_pix),
    ("stripe", stripe_second_attempt),
    ("hotmart", hotmart_refund),
    ("stripe", card_testing),
)


def _stripe_paid(journey: JourneyBuilder, payment: StripePayment, *, start_s: float = 0.0) -> None:
    journey.stripe(start_s, lambda at: stripe.intent_created(payment, at))
    journey.stripe(start_s + 1.8, lambda at: stripe.charge_succeeded(payment, at))
    journey.stripe(start_s + 2.0, lambda at: stripe.intent_succeeded(payment, at))


def _stripe_declined(journey: JourneyBuilder, payment: StripePayment, *, start_s: float = 0.0) -> None:
    decline = journey.rng.choice(_DECLINES)
    journey.stripe(start_s, lambda at: stripe.intent_created(payment, at))
    journey.stripe(start_s + 1.0, lambda at: stripe.charge_failed(payment, at, attempt=1, decline_code=decline))
    journey.stripe(start_s + 1.1, lambda at: stripe.intent_failed(payment, at, attempt=1, decline_code=decline))


def _stripe_payment(
    journey: JourneyBuilder,
    buyer: Buyer,
    *,
    method: str = "card",
    product: CatalogueProduct | None = None,
    card: TestCard | None = None,
    ip: str | None = None,
) -> StripePayment:
    # A card tester has an IP address of its own and does not come from an advertisement.
    visit = journey.visit(buyer) if ip is None else None
    product = product or journey.rng.choice(PRODUCTS)
    metadata = {"client_ip": ip or buyer.ip, "client_user_agent": buyer.user_agent, "product_id": str(product.number)}
    return StripePayment(
        native_id=journey.native_id(),
        buyer=buyer,
        card=card or buyer.card,
        method=method,
        amount_minor=product.price_minor,
        currency=product.currency,
        description=product.name,
        created=journey.seconds(),
        metadata=metadata | (visit.metadata() if visit else {}),
    )


def _hotmart_purchase(journey: JourneyBuilder, buyer: Buyer, payment_type: hotmart.PaymentType) -> HotmartPurchase:
    visit = journey.visit(buyer)
    product = journey.rng.choice(LOCAL_PRODUCTS)
    return HotmartPurchase(
        transaction=f"HP{journey.ids.randrange(10**13, 10**14)}",
        buyer=buyer,
        product_id=product.number,
        product=product.name,
        price=Decimal(product.price_minor) / 100,
        payment_type=payment_type,
        installments=journey.rng.choice((1, 1, 1, 3, 6, 12)) if payment_type == "CREDIT_CARD" else 1,
        ordered_ms=journey.milliseconds() // 1000 * 1000,
        click_id=visit.click_id if visit else None,
    )
