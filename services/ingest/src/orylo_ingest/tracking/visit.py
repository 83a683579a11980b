"""Validate the visits that the tracking script reports, and convert them to messages."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from orylo_common.ids import uuid7
from orylo_common.messages import PAGE, CheckoutStarted, ClickRecorded, MatchKeys, Tracking
from orylo_ingest.privacy.cards import has_card_number
from orylo_ingest.privacy.free_text import FreeText
from orylo_ingest.privacy.person import Person, customer_id, identify

# PostgreSQL's text type cannot hold NUL, nor UTF-8 a surrogate. Other control characters have no use.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# Four parts from the pixel, five with the suffix that Meta's parameter builder adds.
_COOKIE = re.compile(r"fb\.[0-9]\.[0-9]{10,14}\.[A-Za-z0-9_.-]{1,500}")
_FBCLID = re.compile(r"[A-Za-z0-9_.-]{1,500}")
_MAX_USER_AGENT = 500

# A visitor's clock may be wrong by any amount. No click is older than its cookie can be.
OLDEST_CLICK = timedelta(days=90)


def _printable(text: str) -> str:
    return _CONTROLS.sub("", text)


def _no_card_number(text: str) -> str:
    if has_card_number(text):
        raise ValueError("looks like a card number")
    return text


def _dropped_unless(pattern: re.Pattern[str]) -> Callable[[Any], str | None]:
    """Drop an invalid value instead of the visit: other scripts write these cookies too."""

    def checked(value: Any) -> str | None:
        well_formed = isinstance(value, str) and pattern.fullmatch(value) is not None
        return value if well_formed and not has_card_number(value) else None

    return checked


Text = Annotated[str, StringConstraints(max_length=500), AfterValidator(_printable)]
Url = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_printable)]
Cookie = Annotated[str | None, BeforeValidator(_dropped_unless(_COOKIE))]
Fbclid = Annotated[str | None, BeforeValidator(_dropped_unless(_FBCLID))]
ClickId = Annotated[str, StringConstraints(pattern=r"^oc_[A-Za-z0-9]{22}\z"), AfterValidator(_no_card_number)]


class Visit(BaseModel):
    """The body of `POST /api/v1/track/{tenant}`. `clicked_at`: Unix milliseconds on the visitor's clock."""

    # A page may hand over a phone number as a number.
    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    kind: Literal["pageview", "click", "checkout", "lead"]
    click_id: ClickId
    clicked_at: int | None = Field(default=None, ge=0)
    url: Url | None = None
    referrer: Url | None = None
    fbclid: Fbclid = None
    fbc: Cookie = None
    fbp: Cookie = None
    utm_source: Text | None = None
    utm_medium: Text | None = None
    utm_campaign: Text | None = None
    utm_content: Text | None = None
    utm_term: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    consent: bool | None = None


def click_recorded(
    visit: Visit,
    *,
    tenant_id: UUID,
    ip: str | None,
    user_agent: str | None,
    now: datetime,
    country: str | None = None,
) -> ClickRecorded:
    """Return the message for a visit. Hashes email and phone, scrubs every other text, and strips queries from URLs.

    `user_agent` may be any text. `country` (alpha-2) is the tenant's.
    """
    identity = identify(Person(email=visit.email, phone=visit.phone), home_country=country)
    free_text = FreeText(identity.known)

    def cleaned(text: str | None, *, of_an_id: bool = False) -> str | None:
        return free_text.clean(text, of_an_id=of_an_id) if text else None

    message_id = uuid7()
    return ClickRecorded(
        message_id=message_id,
        correlation_id=message_id,
        tenant_id=tenant_id,
        occurred_at=_clicked_at(visit, now),
        click_id=visit.click_id,
        kind=visit.kind,
        url=cleaned(_without_query(visit.url)),
        referrer=cleaned(_without_query(visit.referrer)),
        ip=ip,
        user_agent=cleaned(_printable(user_agent)[:_MAX_USER_AGENT] if user_agent else None),
        tracking=Tracking(
            click_id=visit.click_id,
            fbclid=visit.fbclid,
            fbc=visit.fbc,
            fbp=visit.fbp,
            utm_source=cleaned(visit.utm_source, of_an_id=True),
            utm_medium=cleaned(visit.utm_medium, of_an_id=True),
            utm_campaign=cleaned(visit.utm_campaign, of_an_id=True),
            utm_content=cleaned(visit.utm_content, of_an_id=True),
            utm_term=cleaned(visit.utm_term, of_an_id=True),
        ),
        customer_id=customer_id(tenant_id, identity.match_keys),
        match_keys=MatchKeys(**identity.match_keys),
        consent=visit.consent,
    )


def checkout_started(click: ClickRecorded) -> CheckoutStarted:
    """Return the additional message for a visit of kind `checkout`: a buyer reached the checkout."""
    message_id = uuid7()
    return CheckoutStarted(
        message_id=message_id,
        correlation_id=click.message_id,
        causation_id=click.message_id,
        tenant_id=click.tenant_id,
        occurred_at=click.occurred_at,
        event_id=str(message_id),
        gateway=PAGE,
        gateway_event_type=click.kind,
        customer_id=click.customer_id,
        match_keys=click.match_keys,
        ip=click.ip,
        user_agent=click.user_agent,
        tracking=click.tracking,
        checkout_id=click.click_id,
    )


def refused_visit(visit: Visit, *, tenant_id: UUID, now: datetime) -> ClickRecorded:
    """Return the message that counts the visit of a visitor who refused to be tracked, under a random click id."""
    message_id = uuid7()
    return ClickRecorded(
        message_id=message_id,
        correlation_id=message_id,
        tenant_id=tenant_id,
        occurred_at=now,
        click_id=f"oc_{message_id.hex[-22:]}",
        kind=visit.kind,
        consent=False,
    )


def _clicked_at(visit: Visit, now: datetime) -> datetime:
    # Only page views carry the time at which the visit began. Other visits are reported as they happen.
    if visit.kind != "pageview" or visit.clicked_at is None:
        return now
    clicked = visit.clicked_at / 1000
    earliest, latest = (now - OLDEST_CLICK).timestamp(), now.timestamp()
    return datetime.fromtimestamp(clicked, UTC) if earliest <= clicked <= latest else now


def _without_query(url: str | None) -> str | None:
    # A shop's query can contain a name, an email or a session. Attribution parameters have their own fields.
    return url.partition("?")[0].partition("#")[0] if url else None
