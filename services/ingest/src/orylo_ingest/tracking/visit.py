"""What the tracking script sends, checked, and the message that it becomes."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from orylo_common.identity import Person, customer_id, identify, mask_card_numbers
from orylo_common.ids import uuid7
from orylo_common.messages import ClickRecorded, MatchKeys, Tracking

Text = Annotated[str, StringConstraints(max_length=500)]
Address = Annotated[str, StringConstraints(max_length=2000)]
# Four or five parts: the pixel's own, or with the appendix that Meta's parameter builder adds.
Cookie = Annotated[str, StringConstraints(pattern=r"^fb\.[0-9]\.[0-9]{10,14}\.[A-Za-z0-9_.-]{1,500}$")]
ClickId = Annotated[str, StringConstraints(pattern=r"^oc_[A-Za-z0-9]{22}$")]

# A visitor's clock may be wrong by any amount; a click is never taken to be older than its cookie can be.
OLDEST_CLICK = timedelta(days=90)


class Visit(BaseModel):
    """The body of `POST /api/v1/track/{tenant}`. `clicked_at`: Unix milliseconds on the visitor's clock."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: Literal["pageview", "click", "checkout", "lead"]
    click_id: ClickId
    clicked_at: int | None = Field(default=None, ge=0)
    url: Address | None = None
    referrer: Address | None = None
    fbclid: Text | None = None
    fbc: Cookie | None = None
    fbp: Cookie | None = None
    utm_source: Text | None = None
    utm_medium: Text | None = None
    utm_campaign: Text | None = None
    utm_content: Text | None = None
    utm_term: Text | None = None
    email: Text | None = None
    phone: Text | None = None


def click_recorded(
    visit: Visit, *, tenant_id: UUID, ip: str | None, user_agent: str | None, now: datetime
) -> ClickRecorded:
    """The message; the visitor's e-mail and phone are hashed here, and addresses lose their query."""
    match_keys = identify(Person(email=visit.email, phone=visit.phone)).match_keys
    message_id = uuid7()
    return ClickRecorded(
        message_id=message_id,
        correlation_id=message_id,
        tenant_id=tenant_id,
        occurred_at=_clicked_at(visit, now),
        click_id=visit.click_id,
        kind=visit.kind,
        url=_without_query(visit.url),
        referrer=_without_query(visit.referrer),
        ip=ip,
        user_agent=user_agent,
        tracking=Tracking(
            click_id=visit.click_id,
            fbclid=visit.fbclid,
            fbc=visit.fbc,
            fbp=visit.fbp,
            utm_source=visit.utm_source,
            utm_medium=visit.utm_medium,
            utm_campaign=visit.utm_campaign,
            utm_content=visit.utm_content,
            utm_term=visit.utm_term,
        ),
        customer_id=customer_id(tenant_id, match_keys),
        match_keys=MatchKeys(**match_keys),
    )


def _clicked_at(visit: Visit, now: datetime) -> datetime:
    # Only the page view tells when the visit began; the rest happens as it is told.
    if visit.kind != "pageview" or visit.clicked_at is None:
        return now
    clicked = visit.clicked_at / 1000
    earliest, latest = (now - OLDEST_CLICK).timestamp(), now.timestamp()
    return datetime.fromtimestamp(clicked, UTC) if earliest <= clicked <= latest else now


def _without_query(address: str | None) -> str | None:
    # A shop's query can hold a name, an e-mail or a session; what serves attribution has fields of its own.
    return mask_card_numbers(address.partition("?")[0].partition("#")[0]) if address else None
