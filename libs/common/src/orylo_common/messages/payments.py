"""What gateways tell about payments, in one vocabulary for all of them."""

from typing import ClassVar, Literal

from pydantic import Field

from orylo_common.messages.message import Message, Value

SHA256 = r"^[0-9a-f]{64}$"
CURRENCY = r"^[A-Z]{3}$"
# What stands in a gateway's place where the merchant's own page told.
PAGE = "page"


class MatchKeys(Value):
    """A person's identifiers, each normalised and then hashed: 64 lower-case hex digits.

    Normalised as Meta's Conversions API documents it, so that the same hash serves for
    recognising a customer, for matching a click and for Meta.
    """

    email: str | None = Field(default=None, pattern=SHA256)
    phone: str | None = Field(default=None, pattern=SHA256)
    first_name: str | None = Field(default=None, pattern=SHA256)
    last_name: str | None = Field(default=None, pattern=SHA256)
    document: str | None = Field(default=None, pattern=SHA256)
    birth_date: str | None = Field(default=None, pattern=SHA256)
    city: str | None = Field(default=None, pattern=SHA256)
    state: str | None = Field(default=None, pattern=SHA256)
    zip: str | None = Field(default=None, pattern=SHA256)
    country: str | None = Field(default=None, pattern=SHA256)


class CustomerFlags(Value):
    """What had to be computed from clear text, before hashing. `None`: not known."""

    disposable_email: bool | None = None
    phone_country: str | None = None
    billing_country: str | None = None
    email_domain_hash: str | None = None


class Card(Value):
    last4: str | None = Field(default=None, pattern=r"^[0-9]{4}$")
    brand: str | None = None
    country: str | None = None
    fingerprint: str | None = None
    funding: str | None = None


class Product(Value):
    product_id: str
    name: str | None = None
    quantity: int = 1
    price_minor: int | None = None


class Tracking(Value):
    """What the checkout carried through from the merchant's page."""

    click_id: str | None = None
    src: str | None = None
    sck: str | None = None
    xcod: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_content: str | None = None
    utm_term: str | None = None
    fbclid: str | None = None
    fbc: str | None = None
    fbp: str | None = None


class Subscription(Value):
    subscription_id: str | None = None
    recurrence: int | None = Field(default=None, description="1 for the first charge, 2 for the first renewal")
    plan: str | None = None
    renewal: bool | None = Field(
        default=None, description="charged again, as the gateway says; `recurrence` may be unknown even so"
    )


class GatewayFact(Message):
    """What every message made from a gateway's webhook carries.

    `event_id` names the gateway's event, whatever number of deliveries told it; `payment_id`
    (`<gateway>:<its own id>`) the purchase, of which many events tell.
    """

    source: ClassVar[str] = "orylo/ingest"

    event_id: str
    gateway: str
    gateway_event_id: str | None = None
    gateway_event_type: str
    customer_id: str | None = None
    match_keys: MatchKeys = MatchKeys()
    customer_flags: CustomerFlags = CustomerFlags()
    ip: str | None = None
    user_agent: str | None = None
    tracking: Tracking = Tracking()
    products: tuple[Product, ...] = ()
    livemode: bool = Field(default=True, description="false: the gateway's test mode or sandbox")
    test: bool = Field(default=False, description="a test event of the gateway's panel: never a conversion")


class PaymentFact(GatewayFact):
    """A fact about one payment. `amount_minor` is in the currency's own minor unit."""

    payment_id: str
    amount_minor: int = Field(ge=0)
    currency: str = Field(pattern=CURRENCY)
    payment_method: str | None = Field(default=None, description="card, pix, boleto, paypal, wallet, …")
    installments: int | None = None
    card: Card | None = None
    subscription: Subscription | None = None
    order_id: str | None = Field(default=None, description="the merchant's own order number")
    order_bump: bool = Field(default=False, description="added to another sale at the checkout")
    order_bump_of: str | None = Field(default=None, description="payment_id of that sale, where the gateway names it")

    @property
    def subject(self) -> str:
        return self.payment_id


class PaymentCreated(PaymentFact):
    """Somebody began to pay; no money has moved."""

    type: Literal["payment.created.v1"] = "payment.created.v1"


class PaymentSucceeded(PaymentFact):
    """The gateway took the money from the payer; it can still be refunded or disputed."""

    type: Literal["payment.succeeded.v1"] = "payment.succeeded.v1"


class PaymentEnriched(PaymentFact):
    """A later event tells a payment again that `payment.succeeded` told already, and may say more of it.

    `event_id` is the later event's. No second sale, and nothing to decide on: it may fill in what the first left open.
    """

    type: Literal["payment.enriched.v1"] = "payment.enriched.v1"


class PaymentFailed(PaymentFact):
    """An attempt to pay was refused; the same payment may still succeed."""

    type: Literal["payment.failed.v1"] = "payment.failed.v1"
    failure_code: str | None = None
    attempt_id: str | None = Field(default=None, description="the gateway's id of the refused attempt")


class PaymentCanceled(PaymentFact):
    """The payment was closed, or ran out, without money."""

    type: Literal["payment.canceled.v1"] = "payment.canceled.v1"
    cancellation_reason: str | None = None


class PaymentRefunded(PaymentFact):
    """Money went back to the payer. `amount_minor` is what was paid."""

    type: Literal["payment.refunded.v1"] = "payment.refunded.v1"
    refunded_minor: int = Field(ge=0, description="refunded so far, over all refunds of the payment")
    full: bool = True
    refund_id: str | None = None


class CheckoutFact(GatewayFact):
    checkout_id: str
    payment_id: str | None = None
    amount_minor: int | None = Field(default=None, ge=0)
    currency: str | None = Field(default=None, pattern=CURRENCY)

    @property
    def subject(self) -> str:
        return self.checkout_id


class CheckoutStarted(CheckoutFact):
    """A buyer reached the checkout. `gateway` is `page` where the tracking script told of it."""

    type: Literal["checkout.started.v1"] = "checkout.started.v1"


class CheckoutAbandoned(CheckoutFact):
    """A buyer left the checkout without paying."""

    type: Literal["checkout.abandoned.v1"] = "checkout.abandoned.v1"
