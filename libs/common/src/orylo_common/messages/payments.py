"""Messages about payments, in one vocabulary for all gateways."""

from typing import ClassVar, Literal

from pydantic import Field

from orylo_common.messages.message import Message, Value

SHA256 = r"^[0-9a-f]{64}$"
CURRENCY = r"^[A-Z]{3}$"
# In place of a gateway, for facts that the merchant's own page reported.
PAGE = "page"


class MatchKeys(Value):
    """A person's identifiers, each normalised and then hashed: 64 lower-case hex digits.

    Normalised as Meta's Conversions API documents, so the same hash identifies a customer, matches a click and is
    sent to Meta. The hash of a document is not among them: no ad platform receives it.
    """

    email: str | None = Field(default=None, pattern=SHA256)
    phone: str | None = Field(default=None, pattern=SHA256)
    first_name: str | None = Field(default=None, pattern=SHA256)
    last_name: str | None = Field(default=None, pattern=SHA256)
    birth_date: str | None = Field(default=None, pattern=SHA256)
    city: str | None = Field(default=None, pattern=SHA256)
    state: str | None = Field(default=None, pattern=SHA256)
    zip: str | None = Field(default=None, pattern=SHA256)
    country: str | None = Field(default=None, pattern=SHA256)


class CustomerAliases(Value):
    """The customer ids that a sale's buyer has where only the phone, or only the document, is known."""

    phone: str | None = None
    document: str | None = None


class CustomerFlags(Value):
    """Facts derived from clear text before it was hashed. `None` means unknown."""

    disposable_email: bool | None = None
    phone_country: str | None = None
    billing_country: str | None = None
    document_country: str | None = Field(
        default=None,
        description="where the tax number was issued: BR for a valid CPF or CNPJ; alpha-2, like the others",
    )
    email_domain_hash: str | None = Field(default=None, description="SHA-256 of the email address's domain")


class Card(Value):
    last4: str | None = Field(default=None, pattern=r"^[0-9]{4}$")
    brand: str | None = None
    country: str | None = None
    fingerprint: str | None = None
    funding: str | None = None
    bin: str | None = Field(
        default=None, pattern=r"^[0-9]{6,8}$", description="the first 6 to 8 digits, which identify the issuer"
    )


class Product(Value):
    product_id: str
    name: str | None = None
    quantity: int = 1
    price_minor: int | None = None


class Tracking(Value):
    """Tracking parameters that the checkout passed on from the merchant's page."""

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
        default=None, description="a renewal according to the gateway, even if `recurrence` is unknown"
    )


class GatewayFact(Message):
    """A fact from a gateway's webhook.

    `event_id` identifies the gateway's event, however often it is delivered. `payment_id` (`<gateway>:<its own id>`)
    identifies the purchase, which many events report on.
    """

    source: ClassVar[str] = "orylo/ingest"

    event_id: str
    gateway: str
    gateway_event_id: str | None = None
    gateway_event_type: str
    customer_id: str | None = None
    customer_aliases: CustomerAliases = CustomerAliases()
    match_keys: MatchKeys = MatchKeys()
    customer_flags: CustomerFlags = CustomerFlags()
    ip: str | None = None
    user_agent: str | None = None
    tracking: Tracking = Tracking()
    products: tuple[Product, ...] = ()
    livemode: bool = Field(default=True, description="false in the gateway's test mode or sandbox")
    test: bool = Field(
        default=False, description="a test event of the gateway's panel, which never becomes a conversion"
    )


class PaymentFact(GatewayFact):
    """A fact about a payment. `amount_minor` is in the currency's minor unit."""

    payment_id: str
    amount_minor: int = Field(ge=0)
    currency: str = Field(pattern=CURRENCY)
    payment_method: str | None = Field(default=None, description="card, pix, boleto, paypal, wallet, …")
    installments: int | None = None
    card: Card | None = None
    subscription: Subscription | None = None
    order_id: str | None = Field(default=None, description="the merchant's own order number")
    order_bump: bool = Field(default=False, description="added to another sale at the checkout")
    affiliate_id: str | None = Field(
        default=None, description="the affiliate who referred the sale, or the terminal that took the payment"
    )
    order_bump_of: str | None = Field(default=None, description="payment_id of that sale, if the gateway names it")
    document_hash: str | None = Field(
        default=None,
        pattern=SHA256,
        description="of the buyer's document, such as a CPF: an HMAC under the platform's key",
    )

    @property
    def subject(self) -> str:
        return self.payment_id

    @property
    def is_renewal(self) -> bool:
        """Return whether the gateway charged a subscription without the payer taking part."""
        known = self.subscription
        return known is not None and bool(known.renewal or (known.recurrence or 1) > 1)


class PaymentCreated(PaymentFact):
    """A payment was started. No money has moved."""

    type: Literal["payment.created.v1"] = "payment.created.v1"


class PaymentSucceeded(PaymentFact):
    """The gateway charged the payer. The payment can still be refunded or disputed."""

    type: Literal["payment.succeeded.v1"] = "payment.succeeded.v1"


class PaymentEnriched(PaymentFact):
    """A later event reported a payment again, after `payment.succeeded`, and may add details.

    `event_id` is the later event's. It is not a second sale and gets no decision, but may fill in missing fields.
    """

    type: Literal["payment.enriched.v1"] = "payment.enriched.v1"


class PaymentFailed(PaymentFact):
    """An attempt to pay was declined. The same payment may still succeed."""

    type: Literal["payment.failed.v1"] = "payment.failed.v1"
    failure_code: str | None = None
    attempt_id: str | None = Field(default=None, description="the gateway's id of the declined attempt")


class PaymentCanceled(PaymentFact):
    """The payment was closed or expired without being paid."""

    type: Literal["payment.canceled.v1"] = "payment.canceled.v1"
    cancellation_reason: str | None = None


class PaymentRefunded(PaymentFact):
    """Money was returned to the payer. `amount_minor` is the amount that was paid."""

    type: Literal["payment.refunded.v1"] = "payment.refunded.v1"
    refunded_minor: int = Field(ge=0, description="the total of all refunds of the payment so far")
    full: bool = True
    refund_id: str | None = None


class PaymentRefundFailed(PaymentFact):
    """A refund did not reach the payer, and the money is the merchant's again. `amount_minor` is the refund's amount.

    Earlier `payment.refunded` messages include it in their totals, later ones do not.
    """

    type: Literal["payment.refund_failed.v1"] = "payment.refund_failed.v1"
    refund_id: str
    reason: str | None = Field(default=None, description="the gateway's own code")


class CheckoutFact(GatewayFact):
    checkout_id: str
    payment_id: str | None = None
    amount_minor: int | None = Field(default=None, ge=0)
    currency: str | None = Field(default=None, pattern=CURRENCY)

    @property
    def subject(self) -> str:
        return self.checkout_id


class CheckoutStarted(CheckoutFact):
    """A buyer reached the checkout. `gateway` is `page` if the tracking script reported it."""

    type: Literal["checkout.started.v1"] = "checkout.started.v1"


class CheckoutAbandoned(CheckoutFact):
    """A buyer left the checkout without paying."""

    type: Literal["checkout.abandoned.v1"] = "checkout.abandoned.v1"
