from datetime import datetime
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints

from orylo_api.http.fields import Gateway, Moment, RequestPart, ResponseBody
from orylo_api.timeseries.metrics import METRICS
from orylo_api.timeseries.periods import Granularity

MAX_METRICS = 10
MAX_POINTS = 1500
# Lines beyond these, those with the least, are left out.
MAX_LINES = 50
DESCRIPTIONS = "; ".join(f"`{name}`: {metric.description}" for name, metric in METRICS.items())


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValueError("must be a time zone of the IANA database") from None
    return name


TimeZone = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$"), AfterValidator(_known)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


def _metrics(text: str) -> str:
    names = text.split(",")
    if unknown := [name for name in names if name not in METRICS]:
        raise ValueError(f"{unknown[0]} is not a metric")
    if len(names) > MAX_METRICS or len(set(names)) < len(names):
        raise ValueError(f"must name at most {MAX_METRICS} metrics, each once")
    return text


class PeriodQuery(RequestPart):
    from_: Moment | None = Field(
        default=None,
        alias="from",
        description="start of the period, rounded down to a quarter of an hour; without it, the start of today",
        examples=["2026-03-01T00:00:00-03:00"],
    )
    to: Moment | None = Field(
        default=None,
        description="end of the period, rounded up to a quarter of an hour; without it, now",
        examples=["2026-04-01T00:00:00-03:00"],
    )
    timezone: TimeZone = Field(
        default="UTC", description="IANA name of the time zone in which days begin", examples=["America/Sao_Paulo"]
    )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Split(StrEnum):
    GATEWAY = "gateway"
    METHOD = "method"
    CURRENCY = "currency"
    DECISION = "decision"
    DECLINE_CODE = "decline_code"
    MATCH_METHOD = "match_method"
    DESTINATION = "destination"


class TimeSeriesQuery(PeriodQuery):
    metrics: Annotated[
        str, StringConstraints(max_length=400, pattern=r"^[a-z0-9_]+(,[a-z0-9_]+)*$"), AfterValidator(_metrics)
    ] = Field(
        default="payments,succeeded",
        description=f"names, separated by commas. Payments count at the time of payment, or when they were created if "
        f"they were not paid; conversions when they were created. {DESCRIPTIONS}",
        examples=["succeeded,success_rate"],
    )
    granularity: Granularity = Field(
        default=Granularity.HOUR, description="of at most 1,500 points; minutes are kept for 48 hours"
    )
    split: Split | None = Field(
        default=None, description="one line for each value; every metric must have it. At most the 50 largest"
    )
    gateway: Gateway | None = Field(default=None, description="only of this gateway; every metric must have it")
    currency: Currency | None = Field(
        default=None, description="required for amounts, unless `split=currency`", examples=["BRL"]
    )


class TimeSeriesLine(ResponseBody):
    value: str | None = Field(
        description="of `split`; null without a split, and where the value is not known", examples=["stripe"]
    )
    metrics: dict[str, list[int | float | None]] = Field(
        description="by name: a number for each point; null where a rate would divide by 0",
        examples=[{"succeeded": [12], "success_rate": [0.92]}],
    )


class TimeSeries(ResponseBody):
    timezone: str
    granularity: Granularity
    starts_at: datetime
    ends_at: datetime
    at: list[datetime] = Field(description="starts of the points, oldest first, without gaps")
    lines: list[TimeSeriesLine] = Field(description="those with the largest first metric first")
    lines_left_out: int = Field(ge=0)
