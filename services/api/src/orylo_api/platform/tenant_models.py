from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from orylo_api.http.fields import Page, PageQuery, RequestPart, ResponseBody, Text
from orylo_common.control.models import TenantState
from orylo_common.control.tenant_states import GRACE, LONGEST_GRACE, SHORTEST_GRACE

MAX_COUNTED = 1_000

TenantSlug = Annotated[
    str, StringConstraints(max_length=63, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"), Field(examples=["my-shop"])
]
TenantDisplayName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, strip_whitespace=True, pattern=r"^[^\x00-\x1f]*$"),
    Field(examples=["My shop"]),
]


class TenantPath(RequestPart):
    id: UUID = Field(description="the tenant's id, as the list of tenants returns it")


class TenantQuery(PageQuery):
    q: Text | None = Field(default=None, description="a part of the slug or of the name", examples=["shop"])
    state: TenantState | None = Field(default=None, description="only in this state", examples=["active"])


class SendingState(StrEnum):
    """The sending of a tenant's conversions: the state of its worst destination."""

    OK = "ok"
    UNAVAILABLE = "unavailable"
    ON_HOLD = "on_hold"
    # By a switch, or as the tenant is suspended or to be deleted.
    STOPPED = "stopped"
    NO_DESTINATION = "no_destination"


class TenantFigures(ResponseBody):
    last_webhook_at: datetime | None = Field(
        description="to the minute, if it is at most two days old; of the last 30 days"
    )
    webhooks_per_day: float = Field(ge=0, description="the mean of the last 7 days", examples=[1204.3])
    open_dead_letters: int = Field(ge=0, description=f"exact up to {MAX_COUNTED}, where it stops", examples=[214])
    sending: SendingState


class PlatformTenant(ResponseBody):
    id: UUID
    slug: str
    name: str = Field(examples=["My shop"])
    state: TenantState
    suspended_at: datetime | None
    suspension_reason: str | None = Field(examples=["The invoice of May is open."])
    delete_at: datetime | None = Field(description="it can be restored until then; null: it is not to be deleted")
    deletion_reason: str | None = Field(examples=["The merchant has closed the shop."])
    created_at: datetime
    users: int = Field(ge=0, description="those who are not disabled", examples=[4])
    figures: TenantFigures


class TenantPage(Page[PlatformTenant]):
    """By slug."""


class NewTenant(RequestPart):
    slug: TenantSlug = Field(description="a part of the tenant's URLs, for ever")
    name: TenantDisplayName


class TenantChange(RequestPart):
    name: TenantDisplayName


class ReasonBody(RequestPart):
    reason: Text = Field(description="for the audit log", examples=["The invoice of May is open."])


class TenantDeletion(RequestPart):
    reason: Text = Field(description="for the audit log", examples=["The merchant has closed the shop."])
    confirm: Text = Field(description="against slips: the tenant's slug", examples=["my-shop"])
    grace_days: int = Field(
        default=GRACE.days,
        ge=SHORTEST_GRACE.days,
        le=LONGEST_GRACE.days,
        description="how long the tenant can be restored",
        examples=[GRACE.days],
    )
