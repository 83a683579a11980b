"""Which click a payment is credited to.

The surest method that finds anything decides; among what it finds, the last click before the payment.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orylo_common.control.sections.dispatch import METHODS, DispatchPolicy, Method
from orylo_common.messages import CheckoutStarted, Match, PaymentSucceeded, Tracking
from orylo_dispatch.domain.cookies import fbclid_of

# Gateways tell whole seconds by their own clocks, so that a click just before can seem to come just after.
CLOCK_TOLERANCE = timedelta(seconds=5)

# What the tracking script puts on links to a checkout, whole or packed among other values.
CARRIED_CLICK_ID = re.compile(r"\boc_[A-Za-z0-9]{22}\b")
CARRIERS = ("src", "sck", "xcod", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")

NOT_MATCHED = Match(method="none", confidence=0)


@dataclass(frozen=True, slots=True)
class Click:
    """A visit as it is remembered; `email` and `phone` are hashes. `fbclid` is what `fbc` is about."""

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


@dataclass(frozen=True, slots=True)
class Traces:
    """What a payment holds that a click may hold too."""

    paid_at: datetime
    click_ids: tuple[str, ...] = ()
    fbclid: str | None = None
    fbp: str | None = None
    email: str | None = None
    phone: str | None = None
    ip: str | None = None
    user_agent: str | None = None


def traces_of(payment: PaymentSucceeded) -> Traces:
    return Traces(
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
    """Every click id that the checkout carried through, wherever the gateway let it stand."""
    found = [tracking.click_id] if tracking.click_id else []
    for carrier in CARRIERS:
        value = getattr(tracking, carrier)
        if value:
            found += CARRIED_CLICK_ID.findall(value)
    return tuple(dict.fromkeys(found))


def checkout_click_id(checkout: CheckoutStarted) -> str:
    """Under which click a checkout is remembered: the one it carried, else one of its own."""
    carried = carried_click_ids(checkout.tracking)
    return carried[0] if carried else f"checkout:{checkout.checkout_id}"


def match(traces: Traces, clicks: Iterable[Click], policy: DispatchPolicy) -> tuple[Match, Click | None]:
    """The click that the payment is credited to; `clicks` may hold others of the same tenant too."""
    before = [click for click in clicks if click.clicked_at <= traces.paid_at + CLOCK_TOLERANCE]
    before.sort(key=lambda click: click.clicked_at, reverse=True)
    for method in METHODS:
        chosen, agrees = policy.method(method), _AGREES[method]
        for click in before:
            if traces.paid_at - click.clicked_at < chosen.look_back and agrees(traces, click):
                return Match(method=method, confidence=chosen.confidence, click_id=click.click_id), click
    return NOT_MATCHED, None


_AGREES: Mapping[Method, Callable[[Traces, Click], bool]] = {
    "click_id": lambda traces, click: click.click_id in traces.click_ids,
    "fbc": lambda traces, click: traces.fbclid is not None and traces.fbclid == click.fbclid,
    "fbp": lambda traces, click: traces.fbp is not None and traces.fbp == click.fbp,
    "email": lambda traces, click: traces.email is not None and traces.email == click.email,
    "phone": lambda traces, click: traces.phone is not None and traces.phone == click.phone,
    # Either alone says too little: together they are one browser in one network.
    "ip_user_agent": lambda traces, click: (
        traces.ip is not None
        and traces.user_agent is not None
        and (traces.ip, traces.user_agent) == (click.ip, click.user_agent)
    ),
}
