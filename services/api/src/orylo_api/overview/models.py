from datetime import datetime
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints

from orylo_api.destinations.models import ListedDestination
from orylo_api.http.fields import RequestPart, ResponseBody


class SeriesRange(StrEnum):
    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValueError("must be a time zone of the IANA database") from None
    return name


TimeZone = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$"), AfterValidator(_known)]


class OverviewQuery(RequestPart):
    range: SeriesRange = Field(default=SeriesRange.DAY, description="period that the series covers")
    timezone: TimeZone = Field(
        default="UTC", description="IANA name of the time zone in which `today` begins", examples=["America/Sao_Paulo"]
    )


class Counts(ResponseBody):
    webhooks: int = Field(default=0, description="that became a message, including those about a payment already known")
    clicks: int = 0
    checkouts: int = 0
    detections_allow: int = Field(
        default=0, description="payments by their current decision, at the time when it was made; so are the next two"
    )
    detections_review: int = 0
    detections_block: int = 0
    detections_degraded: int = Field(default=0, description="decided without one or more detectors")
    payments_succeeded: int = Field(default=0, description="each payment once")
    payments_failed: int = 0
    payments_canceled: int = 0
    payments_refunded: int = 0
    disputes_opened: int = 0
    disputes_won: int = 0
    disputes_lost: int = 0
    fraud_warnings: int = 0
    conversions_matched: int = 0
    conversions_dispatched: int = 0
    conversions_failed: int = Field(
        default=0, description="matched in the period and failed at present, as `status=failed` lists them"
    )
    conversions_suppressed: int = 0
    dead_letters: int = 0


class Amounts(ResponseBody):
    """Sums in the currency's minor unit. A payment counts once, except in `dispatched_minor`: once per destination."""

    currency: str
    succeeded_minor: int
    blocked_minor: int
    dispatched_minor: int


class Totals(ResponseBody):
    counts: Counts
    amounts: list[Amounts]


class Point(ResponseBody):
    at: datetime = Field(description="start of the minute, hour or day")
    counts: Counts


class Series(ResponseBody):
    range: SeriesRange
    step_s: int
    points: list[Point] = Field(description="oldest first, without gaps")


class Overview(ResponseBody):
    timezone: str
    generated_at: datetime
    today: Totals
    last_24h: Totals
    last_7d: Totals
    series: Series
    open_dead_letters: int


class OverviewUpdate(ResponseBody):
    """The data of the stream event `overview.updated`.

    An Overview with only the newest point of its series, and the destinations as `/api/v1/destinations` lists them.
    """

    generated_at: datetime
    today: Totals
    last_24h: Totals
    last_7d: Totals
    hour: Point
    open_dead_letters: int
    destinations: list[ListedDestination]
