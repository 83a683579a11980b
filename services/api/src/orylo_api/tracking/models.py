from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from orylo_api.http.fields import RequestPart, ResponseBody

MAX_DAYS = 400

PageUrl = Annotated[str, StringConstraints(min_length=8, max_length=2000, pattern=r"^(?i:https?)://[^\x00-\x20]+$")]


class TrackingCheckBody(RequestPart):
    url: PageUrl = Field(description="a page of the shop, such as its checkout", examples=["https://shop.example/"])


class TrackingProblemCode(StrEnum):
    PAGE_UNAVAILABLE = "page_unavailable"
    SCRIPT_MISSING = "script_missing"
    OTHER_HOST = "other_host"
    TENANT_MISSING = "tenant_missing"
    OTHER_TENANT = "other_tenant"
    HELD_BY_CONSENT = "held_by_consent"
    SCRIPT_BLOCKED = "script_blocked"
    REPORTS_BLOCKED = "reports_blocked"


class TrackingProblem(ResponseBody):
    code: TrackingProblemCode
    detail: str = Field(
        description="the fault and its fix",
        examples=["The page has no Orylo script. Add it as docs/tracking.md describes."],
    )


class TrackingCheck(ResponseBody):
    """The tracking script of a page, as a visitor's browser gets it without running scripts."""

    url: str = Field(description="of the page, after redirects", examples=["https://shop.example/"])
    status: int | None = Field(description="HTTP status of the page; null if it cannot be reached", examples=[200])
    found: bool = Field(description="whether the page loads the script; a tag manager may add it later")
    script_url: str | None = Field(examples=["https://hooks.example.com/t.js"])
    tenant: str | None = Field(description="the `data-tenant` of the script", examples=["my-shop"])
    problems: list[TrackingProblem] = Field(description="empty if visits can be reported")


class TrackingQuery(RequestPart):
    days: int = Field(default=30, ge=1, le=MAX_DAYS, description="days back, today included", examples=[30])


class VisitConsent(ResponseBody):
    """Visits by what their page reported of the visitor's consent. The shares are null without a visit."""

    given: int = Field(ge=0, description="visits after `orylo.consent(true)`")
    refused: int = Field(ge=0, description="visits of visitors who refused: they are counted, and nothing else is kept")
    unknown: int = Field(ge=0, description="visits of pages that do not report it")
    given_share: float | None = Field(ge=0, le=1, description="given / visits", examples=[0.88])
    refused_share: float | None = Field(ge=0, le=1, description="refused / visits", examples=[0.02])
    unknown_share: float | None = Field(ge=0, le=1, description="unknown / visits", examples=[0.1])


class TrackingDay(ResponseBody):
    day: date = Field(description="in UTC")
    visits: int = Field(ge=0)
    with_click_id: int = Field(ge=0, description="visits that an advertisement led to, by Meta's click id")
    checkouts: int = Field(ge=0, description="visits that reached a checkout")
    leads: int = Field(ge=0, description="forms that were submitted")
    consent: VisitConsent


class TrackingStats(ResponseBody):
    visits: int = Field(ge=0, description="of all days")
    with_click_id: int = Field(ge=0, description="of all days")
    checkouts: int = Field(ge=0, description="of all days")
    leads: int = Field(ge=0, description="of all days")
    consent: VisitConsent = Field(description="of all days")
    last_at: datetime | None = Field(description="when the last visit was reported")
    days: list[TrackingDay] = Field(description="oldest first; days without a visit are left out")
