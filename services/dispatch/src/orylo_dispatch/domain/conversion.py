"""A payment as it is reported to a destination."""

from datetime import datetime
from ipaddress import ip_address
from uuid import uuid4

from orylo_common.hashing import hash_of
from orylo_common.messages import MatchKeys, PaymentSucceeded, Product
from orylo_common.messages.message import Value
from orylo_dispatch.domain.cookies import fbc_for, fbclid_of
from orylo_dispatch.domain.matching import Click

EVENT_NAME = "Purchase"
# The code of a conversion that failed because it identifies no buyer; a later event about the payment revives it.
ANONYMOUS = "anonymous"

# Identifiers too weak to recognise a buyer by, even all of a set together.
WEAK_IDENTIFIERS = (
    frozenset({"city", "country", "state", "zip", "user_agent"}),
    frozenset({"birth_date", "user_agent"}),
    frozenset({"first_name"}),
    frozenset({"last_name"}),
)
OWN_IDS = frozenset({"customer_id", "subscription_id"})
OTHER_IDENTIFIERS = ("user_agent", "ip", "fbc", "fbp", *OWN_IDS)


class OutgoingConversion(Value):
    """The part of a payment that is stored for its destinations. Every personal identifier is hashed.

    `ip`, `user_agent`, `url` and the cookies are the buyer's: from the click that the payment is attributed to, or
    else from the gateway's webhook. They are never the address or agent of the gateway that called us.
    """

    payment_id: str
    occurred_at: datetime
    amount_minor: int
    currency: str
    order_id: str | None = None
    customer_id: str | None = None
    match_keys: MatchKeys = MatchKeys()
    products: tuple[Product, ...] = ()
    subscription_id: str | None = None
    renewal: bool = False
    ip: str | None = None
    user_agent: str | None = None
    url: str | None = None
    referrer: str | None = None
    fbc: str | None = None
    fbp: str | None = None

    @property
    def dedupe_id(self) -> str:
        """Return the id by which a destination counts a sale once.

        It is the payment's id, not our event's: a page after the checkout knows it (Hotmart's `transaction`,
        Stripe's `payment_intent`), so a browser pixel can send the same id. A payment is also the unit of a sale:
        several webhooks can report one payment, and one order can hold several payments.
        """
        return self.payment_id


def conversion_of(payment: PaymentSucceeded, click: Click | None) -> OutgoingConversion:
    subscription = payment.subscription
    visitor = click if click is not None and click.ip else payment
    return OutgoingConversion(
        payment_id=payment.payment_id,
        occurred_at=payment.occurred_at,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        order_id=payment.order_id,
        customer_id=payment.customer_id,
        match_keys=payment.match_keys,
        products=payment.products,
        subscription_id=subscription.subscription_id if subscription else None,
        renewal=payment.is_renewal,
        ip=_public(visitor.ip),
        user_agent=visitor.user_agent,
        url=click.url if click else None,
        referrer=click.referrer if click else None,
        fbc=_fbc(payment, click),
        fbp=payment.tracking.fbp or (click.fbp if click else None),
    )


def sample_conversion(now: datetime) -> OutgoingConversion:
    """Return a sale that is not one, for a test event. It is small, because Meta counts test events too."""
    return OutgoingConversion(
        payment_id=f"test:{uuid4()}",
        occurred_at=now,
        amount_minor=1,
        currency="USD",
        match_keys=MatchKeys(email=hash_of("test@example.com")),
    )


def _fbc(payment: PaymentSucceeded, click: Click | None) -> str | None:
    """Prefer the click id that the checkout carried. For the same click id the click knows the time more exactly."""
    fbclid = fbclid_of(payment.tracking)
    if fbclid is None:
        return click.fbc if click else None
    if click is not None and click.fbclid == fbclid:
        return click.fbc
    return fbc_for(fbclid, payment.tracking.fbc, payment.occurred_at)


def _public(address: str | None) -> str | None:
    """Drop private and invalid addresses: buyers who share one would be matched with each other."""
    try:
        return address if address and ip_address(address).is_global else None
    except ValueError:
        return None


def is_anonymous(conversion: OutgoingConversion) -> bool:
    """Return whether no identifier is strong enough to recognise the buyer by."""
    return _are_weak(_identifiers(conversion))


def is_nameless(conversion: OutgoingConversion) -> bool:
    """Return whether only our own ids identify the buyer. A destination knows few buyers by those, if any."""
    return _are_weak(_identifiers(conversion) - OWN_IDS)


def _are_weak(identifiers: frozenset[str]) -> bool:
    return any(identifiers <= weak for weak in WEAK_IDENTIFIERS)


def _identifiers(conversion: OutgoingConversion) -> frozenset[str]:
    names = {name for name, value in conversion.match_keys if value is not None}
    names.update(name for name in OTHER_IDENTIFIERS if getattr(conversion, name))
    return frozenset(names)
