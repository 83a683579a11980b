"""A payment as it is reported to a destination, and what must be true of it before it is sent."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from orylo_common.messages import MatchKeys, PaymentSucceeded, Product
from orylo_common.messages.message import Value
from orylo_dispatch.domain.cookies import fbc_for, fbclid_of
from orylo_dispatch.domain.matching import Click

EVENT_NAME = "Purchase"

# Meta refuses 7 days, and an hour may pass between this check and its own.
OLDEST = timedelta(days=7) - timedelta(hours=1)
# Further ahead than this a clock is not a little fast: the time is wrong, and with it the attribution.
FURTHEST_AHEAD = timedelta(minutes=10)

# A conversion that has nothing beyond one of these tells too little about who bought.
TOO_LITTLE = (
    frozenset({"city", "country", "state", "zip", "user_agent"}),
    frozenset({"birth_date", "user_agent"}),
    frozenset({"first_name"}),
    frozenset({"last_name"}),
)
ANONYMOUS = "anonymous"
OWN_IDS = frozenset({"customer_id", "subscription_id"})
OTHER_IDENTIFIERS = ("user_agent", "ip", "fbc", "fbp", *OWN_IDS)


class Conversion(Value):
    """What is kept of a payment in order to report it. Every identifier of a person is hashed.

    `ip`, `user_agent`, `url` and the cookies are the buyer's: of the click that the payment is credited
    to, else as the gateway tells them, and never of the webhook's own caller.
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
    def shared_id(self) -> str:
        """What makes the destination count the sale once.

        The payment's id and not our event's: a page after the checkout knows it (Hotmart's `transaction`,
        Stripe's `payment_intent`), so that a browser pixel can send the same. It is also the level at
        which a sale is unique: several webhooks tell of one payment, and one order may hold several.
        """
        return self.payment_id


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a conversion is not sent; `reason` is a sentence for a person."""

    code: str
    reason: str


def conversion_of(payment: PaymentSucceeded, click: Click | None) -> Conversion:
    subscription = payment.subscription
    visited = click if click is not None and click.ip else payment
    return Conversion(
        payment_id=payment.payment_id,
        occurred_at=payment.occurred_at,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        order_id=payment.order_id,
        customer_id=payment.customer_id,
        match_keys=payment.match_keys,
        products=payment.products,
        subscription_id=subscription.subscription_id if subscription else None,
        renewal=subscription is not None and (subscription.renewal or (subscription.recurrence or 1) > 1),
        ip=_public(visited.ip),
        user_agent=visited.user_agent,
        url=click.url if click else None,
        referrer=click.referrer if click else None,
        fbc=_fbc(payment, click),
        fbp=payment.tracking.fbp or (click.fbp if click else None),
    )


def _fbc(payment: PaymentSucceeded, click: Click | None) -> str | None:
    """What the checkout carried comes first, and the click knows better when it was clicked."""
    fbclid = fbclid_of(payment.tracking)
    if fbclid is None:
        return click.fbc if click else None
    if click is not None and click.fbclid == fbclid:
        return click.fbc
    return fbc_for(fbclid, payment.tracking.fbc, payment.occurred_at)


def _public(address: str | None) -> str | None:
    """An address that is nobody's on the internet would lower the match of all who share it."""
    try:
        return address if address and ip_address(address).is_global else None
    except ValueError:
        return None


def event_time(conversion: Conversion, now: datetime) -> datetime:
    """When it happened, in whole seconds; a gateway's clock that is a little fast does not make it the future."""
    return min(conversion.occurred_at, now).astimezone(UTC).replace(microsecond=0)


def find_fault(conversion: Conversion, now: datetime) -> Fault | None:
    """What Meta would refuse the conversion, and every other in the same request, for."""
    if now - conversion.occurred_at > OLDEST:
        return Fault("too_old", "The payment is older than 7 days; Meta takes no event of that age.")
    if conversion.occurred_at - now > FURTHEST_AHEAD:
        return Fault("in_future", "The payment's time lies in the future; the gateway's clock or time zone is wrong.")
    if _is_too_little(_identifiers(conversion)):
        return Fault(ANONYMOUS, "Too little is known of the buyer for Meta to recognise anybody.")
    return None


def is_nameless(conversion: Conversion) -> bool:
    """Whether nothing but our own ids tells who bought: the destination knows few by those, if any."""
    return _is_too_little(_identifiers(conversion) - OWN_IDS)


def _is_too_little(known: frozenset[str]) -> bool:
    return any(known <= too_little for too_little in TOO_LITTLE)


def _identifiers(conversion: Conversion) -> frozenset[str]:
    # The document's hash stays with us: Meta has no field for it.
    names = {name for name, value in conversion.match_keys if value is not None} - {"document"}
    names.update(name for name in OTHER_IDENTIFIERS if getattr(conversion, name))
    return frozenset(names)
