"""Attribute a payment to a click.

The methods are tried in order of confidence. The first that finds clicks decides, and takes the last click before the
payment.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orylo_common.control.sections.dispatch import METHODS, DispatchPolicy, Method
from orylo_common.messages import CheckoutStarted, Match, PaymentSucceeded, Tracking, Utm
from orylo_dispatch.domain.cookies import fbclid_of

# Gateways report whole seconds of their own clock, which can put a payment before the click that led to it.
CLOCK_TOLERANCE = timedelta(seconds=5)

# The tracking script adds this id to checkout links, alone or among other values.
CARRIED_CLICK_ID = re.compile(r"\boc_[A-Za-z0-9]{22}\b")
CARRIERS = ("src", "sck", "xcod", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")

# Of each utm parameter; advertisements use far fewer.
MAX_UTM_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Click:
    """A recorded visit. `email` and `phone` are hashes; `fbclid` is the click id inside `fbc`.

    `utm` maps the names of `Utm` that the landing page had to their values.
    """

    click_id: str
    clicked_at: datetime
    fbclid: str | None = None
    fbc: str | None = None
    fbp: str | None = None
    email: str | None = None
    phone: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    url: str | None = None
    referrer: str | None = None
    utm: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class MatchSignals:
    """The values of a payment that can match those of a click."""

    paid_at: datetime
    click_ids: tuple[str, ...] = ()
    fbclid: str | None = None
    fbp: str | None = None
    email: str | None = None
    phone: str | None = None
    ip: str | None = None
    user_agent: str | None = None


def signals_of(payment: PaymentSucceeded) -> MatchSignals:
    return MatchSignals(
        paid_at=payment.occurred_at,
        click_ids=carried_click_ids(payment.tracking),
        fbclid=fbclid_of(payment.tracking),
        fbp=payment.tracking.fbp,
        email=payment.match_keys.email,
        phone=payment.match_keys.phone,
        ip=payment.ip,
        user_agent=payment.user_agent,
    )


def carried_click_ids(tracking: Tracking) -> tuple[str, ...]:
    """Return every click id that the checkout passed on, in whichever field the gateway left it."""
    found = [tracking.click_id] if tracking.click_id else []
    for carrier in CARRIERS:
        value = getattr(tracking, carrier)
        if value:
            found += CARRIED_CLICK_ID.findall(value)
    return tuple(dict.fromkeys(found))


def utm_of(tracking: Tracking) -> dict[str, str] | None:
    values = {name: getattr(tracking, f"utm_{name}") for name in Utm.model_fields}
    return {name: value[:MAX_UTM_LENGTH] for name, value in values.items() if value} or None


def checkout_click_id(checkout: CheckoutStarted) -> str:
    """Return the id to record a checkout under: the click id that it carried, else one of its own."""
    carried = carried_click_ids(checkout.tracking)
    return carried[0] if carried else f"checkout:{checkout.checkout_id}"


def match(signals: MatchSignals, clicks: Iterable[Click], policy: DispatchPolicy) -> tuple[Match, Click | None]:
    """Return the click that the payment is attributed to. `clicks` may include unrelated clicks of the tenant.

    A click id that the order carries proves that the click came first, whatever the order's time: some gateways cut it
    to the minute.
    """
    newest_first = sorted(clicks, key=lambda click: click.clicked_at, reverse=True)
    before = [click for click in newest_first if click.clicked_at <= signals.paid_at + CLOCK_TOLERANCE]
    tried: list[Method] = []
    for method in METHODS:
        chosen, agrees = policy.method(method), _AGREES[method]
        if not chosen.look_back or not _HAS_VALUES[method](signals):
            continue
        for click in newest_first if method == "click_id" else before:
            if signals.paid_at - click.clicked_at < chosen.look_back and agrees(signals, click):
                return _attributed(click, method, chosen.confidence, tried), click
        tried.append(method)
    return Match(method="none", confidence=0, tried=tuple(tried)), None


def _attributed(click: Click, method: Method, confidence: float, tried: Iterable[Method]) -> Match:
    utm = Utm(**click.utm) if click.utm else None
    return Match(method=method, confidence=confidence, click_id=click.click_id, tried=tuple(tried), utm=utm)


_HAS_VALUES: Mapping[Method, Callable[[MatchSignals], bool]] = {
    "click_id": lambda signals: bool(signals.click_ids),
    "fbc": lambda signals: signals.fbclid is not None,
    "fbp": lambda signals: signals.fbp is not None,
    "email": lambda signals: signals.email is not None,
    "phone": lambda signals: signals.phone is not None,
    # Neither identifies a visitor alone; together they are one browser in one network.
    "ip_user_agent": lambda signals: signals.ip is not None and signals.user_agent is not None,
}
_AGREES: Mapping[Method, Callable[[MatchSignals, Click], bool]] = {
    "click_id": lambda signals, click: click.click_id in signals.click_ids,
    "fbc": lambda signals, click: signals.fbclid == click.fbclid,
    "fbp": lambda signals, click: signals.fbp == click.fbp,
    "email": lambda signals, click: signals.email == click.email,
    "phone": lambda signals, click: signals.phone == click.phone,
    "ip_user_agent": lambda signals, click: (signals.ip, signals.user_agent) == (click.ip, click.user_agent),
}
