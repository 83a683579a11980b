from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from orylo_api.http.fields import Moment, Page, PageQuery, ResponseBody
from orylo_common.control.models import TenantState

MAX_DAYS = 92


class TenantOrder(StrEnum):
    TROUBLE = "trouble"
    WEBHOOKS = "webhooks"
    PAYMENTS = "payments"
    BLOCKED = "blocked"


class AnalyticsQuery(PageQuery):
    from_: Moment | None = Field(default=None, alias="from", description="by default seven days before `to`")
    to: Moment | None = Field(
        default=None,
        description=f"by default now; at most {MAX_DAYS} days after `from`. The period is extended to whole hours",
    )
    order: TenantOrder = Field(default=TenantOrder.TROUBLE, description="the tenant with most of it first")


class TenantMoney(ResponseBody):
    currency: str
    payments: int = Field(ge=0, examples=[812])
    amount_minor: int = Field(ge=0, description="of all payments, in the currency's minor unit")
    succeeded_minor: int = Field(ge=0, examples=[9120000])
    refunded_minor: int = Field(ge=0, examples=[231000])


class TenantDecisions(ResponseBody):
    """Payments by their current decision."""

    allow: int = Field(default=0, ge=0, examples=[790])
    review: int = Field(default=0, ge=0, examples=[14])
    block: int = Field(default=0, ge=0, examples=[8])
    undecided: int = Field(default=0, ge=0, examples=[0])


class TenantAnalytics(ResponseBody):
    id: UUID
    slug: str
    name: str = Field(examples=["My shop"])
    state: TenantState
    webhooks: int = Field(ge=0, description="that became a message", examples=[8420])
    rejected: int = Field(ge=0, description="webhooks that were rejected, of the last 30 days", examples=[12])
    dead_letters: int = Field(ge=0, description="that appeared in the period, settled since or not", examples=[214])
    trouble: int = Field(ge=0, description="rejected webhooks and dead letters together", examples=[226])
    payments: int = Field(ge=0, examples=[812])
    decisions: TenantDecisions
    money: list[TenantMoney] = Field(description="the currency with the most payments first")


class PlatformAnalytics(Page[TenantAnalytics]):
    """Tenants in the order that was asked for, the largest value first."""

    generated_at: datetime
    start: datetime = Field(description="start of the period's first hour")
    end: datetime = Field(description="end of its last hour")
