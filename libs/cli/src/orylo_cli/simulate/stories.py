"""What can happen around a purchase: each story is a list of things that are told, and when.

Weeks are compressed: what takes one in the world takes `WEEK_S` seconds here, so that refunds and disputes come
within a run while every event's own time stays near now.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from random import Random

from orylo_cli.simulate import hotmart, stripe
from orylo_cli.simulate.buyers import Buyer, Card, new_card
from orylo_cli.simulate.doors import Gateway
from orylo_cli.simulate.hotmart import HotmartPurchase
from orylo_cli.simulate.stripe import StripePayment
from orylo_cli.simulate.visits import Visit, new_visit

WEEK_S = 4.0

_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_DECLINES = ("insufficient_funds", "generic_decline", "do_not_honor", "expired_card", "incorrect_cvc")


@dataclass(frozen=True, slots=True)
class Product:
    number: int
    name: str
    price_minor: int
    currency: str = "brl"


# Hotmart sells in reais only here; Stripe also in dollars, and in yen, which has no minor unit.
LOCAL_PRODUCTS = (
    Product(4100231, "Curso de Fotografia", 29_700),
    Product(4100232, "Inglês em 90 dias", 49_700),
    Product(4100233, "Planilhas Essenciais", 4_790),
    Product(4100234, "Mentoria de Vendas", 149_700),
    Product(4100235, "Clube de Receitas", 1_990),
)
PRODUCTS = (
    *LOCAL_PRODUCTS,
    Product(4100236, "Design Course", 7_900, "usd"),
    Product(4100237, "Shashin Kōza", 4_800, "jpy"),
)


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing that is told, `at_s` seconds into the run. A visit has no gateway."""

    at_s: float
    body: bytes
    gateway: Gateway | None = None
    ip: str | None = None
    user_agent: str | None = None


@dataclass(slots=True)
class Stage:
    """What a story is told with: who, when, and where its chance comes from.

    `rng` decides what happens and is the same for the same seed. `ids` also depends on when the run began, so that
    a second run with the same seed tells the same stories about other purchases.
    """

    rng: Random
    ids: Random
    epoch: datetime
    # When the gateway begins to tell: a buyer who is seen on the page pays a moment later.
    now_s: float
    tellings: list[Telling] = field(default_factory=list)

    def seconds(self, after_s: float = 0.0) -> int:
        return int(self.epoch.timestamp() + self.now_s + after_s)

    def milliseconds(self, after_s: float = 0.0) -> int:
        return int((self.epoch.timestamp() + self.now_s + after_s) * 1000)

    def native_id(self) -> str:
        return "3S" + "".join(self.ids.choices(_ID_ALPHABET, k=20))

    def stripe(self, after_s: float, tell: Callable[[int], bytes]) -> None:
        self.tellings.append(Telling(self.now_s + after_s, tell(self.seconds(after_s)), "stripe"))

    def hotmart(self, after_s: float, purchase: HotmartPurchase, event: hotmart.Event) -> None:
        body = hotmart.webhook(purchase, event, self.milliseconds(after_s))
        self.tellings.append(Telling(self.now_s + after_s, body, "hotmart"))

    def visit(self, buyer: Buyer) -> Visit | None:
        """Most buyers come through an advertisement and are seen on the page first."""
        if self.rng.random() > 0.75:
            return None
        visit = new_visit(self.ids, self.milliseconds())
        for after_s, kind in ((0.0, "pageview"), (0.6, "checkout")):
            body = visit.body(buyer=buyer, kind=kind)
            self.tellings.append(Telling(self.now_s + after_s, body, None, buyer.ip, buyer.user_agent))
        self.now_s += 1.0
        return visit


Story = Callable[[Stage, Buyer], None]


def stripe_sale(stage: Stage, buyer: Buyer) -> None:
    _stripe_paid(stage, _stripe_payment(stage, buyer))


def stripe_pix(stage: Stage, buyer: Buyer) -> None:
    payment = _stripe_payment(stage, buyer, method="pix", product=stage.rng.choice(LOCAL_PRODUCTS))
    stage.stripe(0.0, lambda at: stripe.intent_created(payment, at))
    stage.stripe(0.2, lambda at: stripe.pix_displayed(payment, at))
    if stage.rng.random() < 0.2:
        stage.stripe(11.0, lambda at: stripe.intent_canceled(payment, at))
        return
    stage.stripe(5.0, lambda at: stripe.charge_succeeded(payment, at))
    stage.stripe(5.2, lambda at: stripe.intent_succeeded(payment, at))


def stripe_second_try(stage: Stage, buyer: Buyer) -> None:
    """The first attempt is declined, the second goes through."""
    payment = _stripe_payment(stage, buyer)
    _stripe_declined(stage, payment)
    stage.stripe(4.0, lambda at: stripe.charge_succeeded(payment, at, attempt=2))
    stage.stripe(4.2, lambda at: stripe.intent_succeeded(payment, at, attempt=2))


def stripe_declined(stage: Stage, buyer: Buyer) -> None:
    _stripe_declined(stage, _stripe_payment(stage, buyer))


def stripe_unusual_amount(stage: Stage, buyer: Buyer) -> None:
    """Many times what anything here costs."""
    product = Product(4100240, "Pacote Corporativo", stage.rng.randrange(1_200_000, 3_000_000, 10_000))
    _stripe_paid(stage, _stripe_payment(stage, buyer, product=product))


def stripe_refund(stage: Stage, buyer: Buyer) -> None:
    payment = _stripe_payment(stage, buyer)
    _stripe_paid(stage, payment)
    partly = stage.rng.random() < 0.3
    refunded = payment.amount_minor // 2 if partly else payment.amount_minor
    stage.stripe(WEEK_S * 1.5, lambda at: stripe.charge_refunded(payment, at, refunded_minor=refunded))


def stripe_dispute(stage: Stage, buyer: Buyer) -> None:
    """The card network warns, weeks later the bank takes the money, and later still the case ends."""
    payment = _stripe_payment(stage, buyer)
    _stripe_paid(stage, payment)
    opened_s = WEEK_S * stage.rng.uniform(2, 5)
    won = stage.rng.random() < 0.3
    if stage.rng.random() < 0.5:
        stage.stripe(opened_s - WEEK_S, lambda at: stripe.fraud_warned(payment, at))
    stage.stripe(opened_s, lambda at: stripe.dispute_opened(payment, at))
    stage.stripe(opened_s + WEEK_S * 4, lambda at: stripe.dispute_closed(payment, at, won=won))


def card_testing(stage: Stage, buyer: Buyer) -> None:
    """Somebody tries stolen cards with small amounts, all from one address; a few still work."""
    attempts = stage.rng.randrange(12, 25)
    ip = f"198.51.100.{stage.rng.randrange(1, 255)}"
    for number in range(attempts):
        card = new_card(stage.rng, country=stage.rng.choice(("US", "GB", "FR", "MX")))
        product = Product(4100241, "Doação", stage.rng.randrange(100, 600))
        payment = _stripe_payment(stage, buyer, product=product, card=card, ip=ip)
        begun_s = number * 0.4
        if stage.rng.random() < 0.1:
            _stripe_paid(stage, payment, begun_s=begun_s)
        else:
            _stripe_declined(stage, payment, begun_s=begun_s)


def hotmart_sale(stage: Stage, buyer: Buyer) -> None:
    purchase = _hotmart_purchase(stage, buyer, "CREDIT_CARD")
    stage.hotmart(0.0, purchase, "PURCHASE_APPROVED")
    stage.hotmart(WEEK_S, purchase, "PURCHASE_COMPLETE")


def hotmart_pix(stage: Stage, buyer: Buyer) -> None:
    purchase = _hotmart_purchase(stage, buyer, "PIX" if stage.rng.random() < 0.8 else "BILLET")
    stage.hotmart(0.0, purchase, "PURCHASE_BILLET_PRINTED")
    if stage.rng.random() < 0.25:
        stage.hotmart(19.0, purchase, "PURCHASE_EXPIRED")
    else:
        stage.hotmart(6.0, purchase, "PURCHASE_APPROVED")


def hotmart_refused(stage: Stage, buyer: Buyer) -> None:
    stage.hotmart(0.0, _hotmart_purchase(stage, buyer, "CREDIT_CARD"), "PURCHASE_CANCELED")


def hotmart_refund(stage: Stage, buyer: Buyer) -> None:
    purchase = _hotmart_purchase(stage, buyer, "CREDIT_CARD")
    stage.hotmart(0.0, purchase, "PURCHASE_APPROVED")
    stage.hotmart(WEEK_S, purchase, "PURCHASE_PROTEST")
    stage.hotmart(WEEK_S * 1.2, purchase, "PURCHASE_REFUNDED")


def hotmart_chargeback(stage: Stage, buyer: Buyer) -> None:
    purchase = _hotmart_purchase(stage, buyer, "CREDIT_CARD")
    stage.hotmart(0.0, purchase, "PURCHASE_APPROVED")
    stage.hotmart(WEEK_S * stage.rng.uniform(3, 6), purchase, "PURCHASE_CHARGEBACK")


# How often each is told, in parts. One burst of card testing is some fifty deliveries.
STORIES: dict[Gateway, tuple[tuple[Story, float], ...]] = {
    "stripe": (
        (stripe_sale, 36),
        (stripe_pix, 9),
        (stripe_second_try, 6),
        (stripe_declined, 5),
        (stripe_unusual_amount, 1),
        (stripe_refund, 3),
        (stripe_dispute, 2),
        (card_testing, 0.5),
    ),
    "hotmart": (
        (hotmart_sale, 22),
        (hotmart_pix, 10),
        (hotmart_refused, 3),
        (hotmart_refund, 2),
        (hotmart_chargeback, 1),
    ),
}

# The first stories of every run, so that a short one shows something of everything.
OPENING: tuple[tuple[Gateway, Story], ...] = (
    ("stripe", stripe_sale),
    ("hotmart", hotmart_sale),
    ("stripe", stripe_pix),
    ("stripe", stripe_dispute),
    ("hotmart", hotmart_pix),
    ("stripe", stripe_second_try),
    ("hotmart", hotmart_refund),
    ("stripe", card_testing),
)


def _stripe_paid(stage: Stage, payment: StripePayment, *, begun_s: float = 0.0) -> None:
    stage.stripe(begun_s, lambda at: stripe.intent_created(payment, at))
    stage.stripe(begun_s + 1.8, lambda at: stripe.charge_succeeded(payment, at))
    stage.stripe(begun_s + 2.0, lambda at: stripe.intent_succeeded(payment, at))


def _stripe_declined(stage: Stage, payment: StripePayment, *, begun_s: float = 0.0) -> None:
    decline = stage.rng.choice(_DECLINES)
    stage.stripe(begun_s, lambda at: stripe.intent_created(payment, at))
    stage.stripe(begun_s + 1.0, lambda at: stripe.charge_failed(payment, at, attempt=1, decline_code=decline))
    stage.stripe(begun_s + 1.1, lambda at: stripe.intent_failed(payment, at, attempt=1, decline_code=decline))


def _stripe_payment(
    stage: Stage,
    buyer: Buyer,
    *,
    method: str = "card",
    product: Product | None = None,
    card: Card | None = None,
    ip: str | None = None,
) -> StripePayment:
    # A card tester does not come through an advertisement.
    visit = stage.visit(buyer) if ip is None else None
    product = product or stage.rng.choice(PRODUCTS)
    metadata = {"client_ip": ip or buyer.ip, "client_user_agent": buyer.user_agent, "product_id": str(product.number)}
    return StripePayment(
        native_id=stage.native_id(),
        buyer=buyer,
        card=card or buyer.card,
        method=method,
        amount_minor=product.price_minor,
        currency=product.currency,
        description=product.name,
        created=stage.seconds(),
        metadata=metadata | (visit.metadata() if visit else {}),
    )


def _hotmart_purchase(stage: Stage, buyer: Buyer, payment_type: hotmart.PaymentType) -> HotmartPurchase:
    visit = stage.visit(buyer)
    product = stage.rng.choice(LOCAL_PRODUCTS)
    return HotmartPurchase(
        transaction=f"HP{stage.ids.randrange(10**13, 10**14)}",
        buyer=buyer,
        product_id=product.number,
        product=product.name,
        price=Decimal(product.price_minor) / 100,
        payment_type=payment_type,
        installments=stage.rng.choice((1, 1, 1, 3, 6, 12)) if payment_type == "CREDIT_CARD" else 1,
        ordered_ms=stage.milliseconds() // 1000 * 1000,
        click_id=visit.click_id if visit else None,
    )
