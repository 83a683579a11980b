from datetime import datetime
from enum import StrEnum

from pydantic import Field

from orylo_api.destinations.models import ListedDestination
from orylo_api.http.fields import ResponseBody
from orylo_api.timeseries.models import PeriodQuery


class SeriesRange(StrEnum):
    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"


class Comparison(StrEnum):
    PREVIOUS_PERIOD = "previous_period"
    PREVIOUS_DAY = "previous_day"
    PREVIOUS_WEEK = "previous_week"


class OverviewQuery(PeriodQuery):
    range: SeriesRange = Field(default=SeriesRange.DAY, description="period that the series covers")
    compare: Comparison | None = Field(
        default=None,
        description="with the period of the same length directly before, or at the same time of day one day or one "
        "week before",
    )


class Counts(ResponseBody):
    """Messages at the time of what they report. Paid payments and conversions count at their own time."""

    webhooks: int = Field(default=0, description="that became a message, including those about a payment already known")
    clicks: int = 0
    checkouts: int = 0
    detections_allow: int = Field(
        default=0, description="payments by their current decision, at the time when it was made; so are the next two"
    )
    detections_review: int = 0
    detections_block: int = 0
    detections_degraded: int = Field(default=0, description="decided without one or more detectors")
    payments_succeeded: int = Field(default=0, description="each payment once, at the time of payment")
    payments_failed: int = 0
    payments_canceled: int = 0
    payments_refunded: int = 0
    disputes_opened: int = 0
    disputes_won: int = 0
    disputes_lost: int = 0
    fraud_warnings: int = 0
    conversions_matched: int = Field(
        default=0, description="created in the period, attributed to a click and not suppressed"
    )
    conversions_dispatched: int = Field(default=0, description="created in the period and confirmed since")
    conversions_failed: int = Field(
        default=0, description="created in the period and failed at present, as `status=failed` lists them"
    )
    conversions_suppressed: int = Field(default=0, description="created in the period and suppressed at present")
    dead_letters: int = 0


class Amounts(ResponseBody):
    """Sums in the currency's minor unit. A payment counts once, except in `dispatched_minor`: once per destination."""

    currency: str
    succeeded_minor: int
    blocked_minor: int = Field(description="of payments whose current decision is `block`, paid or not")
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


class CurrencyAmount(ResponseBody):
    currency: str
    minor: int = Field(description="in the currency's minor unit")


class CountedMoney(ResponseBody):
    """A number of payments and their money, the currency with the largest amount first."""

    payments: int
    amounts: list[CurrencyAmount]


class Decided(ResponseBody):
    """Payments by their current decision."""

    allow: int
    review: int
    block: int
    undecided: int
    degraded: int = Field(description="decided without one or more detectors")


class StoppedFraud(ResponseBody):
    """Fraud whose money the fraudster did not keep.

    Fraud is what Orylo blocked, unless a person judged it legitimate, and what a person judged as fraud. A payment
    counts once: as `at_provider` if Orylo canceled or refunded it there, else by what became of it.
    """

    total: CountedMoney
    share: float | None = Field(description="of all payments of the period")
    declined: CountedMoney = Field(description="never paid, as each attempt was declined")
    canceled: CountedMoney = Field(description="closed before it was paid")
    refunded: CountedMoney = Field(description="refunded, with the refunded amount")
    at_provider: CountedMoney
    false_alarms: int = Field(description="reviewed or blocked payments that a person judged legitimate")


class Reached(ResponseBody):
    """Conversions by destination's answer. Each destination of a payment has one."""

    due: int = Field(description="all that are not suppressed")
    dispatched: int = Field(description="confirmed by the destination")
    pending: int
    failed: int
    suppressed: int = Field(description="deliberately not sent")
    rate: float | None = Field(description="dispatched / due")
    amounts: list[CurrencyAmount] = Field(description="of those that are dispatched")
    p50_ms: int | None = Field(description="median time from a conversion's creation to its delivery; within 10 %")
    p95_ms: int | None
    p99_ms: int | None


class MatchedBy(ResponseBody):
    method: str = Field(description="as in a conversion's match; `none` without one")
    conversions: int


class MatchRate(ResponseBody):
    """The share of the conversions that are attributed to a click, of all that are not suppressed."""

    rate: float | None
    by_method: list[MatchedBy] = Field(description="most first")


class DeclineCount(ResponseBody):
    gateway: str
    code: str = Field(description="the gateway's own", examples=["insufficient_funds"])
    payments: int


class PeriodFigures(ResponseBody):
    """The payments of a period as they are today: a refund counts at the time of its payment."""

    starts_at: datetime
    ends_at: datetime
    sales: CountedMoney = Field(description="payments that were paid, before refunds")
    refunded: CountedMoney = Field(description="refunded payments, with the refunded amounts")
    chargebacks: CountedMoney = Field(description="payments with a lost dispute, with their whole amount")
    attempts: int = Field(description="all payments, also those that were not paid")
    success_rate: float | None = Field(description="paid / (paid + declined)")
    declines: list[DeclineCount] = Field(description="the ten most frequent, most first")
    decisions: Decided
    fraud_stopped: StoppedFraud
    reached: Reached
    match: MatchRate


class Overview(ResponseBody):
    timezone: str
    generated_at: datetime
    period: PeriodFigures = Field(description="from `from` to `to`; without them, today so far")
    compared: PeriodFigures | None = Field(description="the period that `compare` names; null without it")
    today: Totals
    last_24h: Totals
    last_7d: Totals
    series: Series
    open_dead_letters: int


class OverviewUpdate(ResponseBody):
    """The data of the stream event `overview.updated`.

    An Overview with only the newest point of its series, and the destinations as `/api/v1/destinations` lists them. Its
    `period` is today so far.
    """

    generated_at: datetime
    period: PeriodFigures
    today: Totals
    last_24h: Totals
    last_7d: Totals
    hour: Point
    open_dead_letters: int
    destinations: list[ListedDestination]


class FunnelQuery(PeriodQuery):
    compare: Comparison | None = Field(default=None, description="as in the overview")


class FunnelStage(StrEnum):
    CLICK = "click"
    CHECKOUT = "checkout"
    PAYMENT = "payment"
    CONVERSION = "conversion"


class FunnelStep(ResponseBody):
    stage: FunnelStage = Field(
        description="`click`: visits reported by the tracking script; `checkout`: checkouts started; `payment`: paid "
        "payments; `conversion`: conversions that a destination confirmed"
    )
    count: int
    share: float | None = Field(
        description="of the step before; null for the first. Above 1 where a step sees more than the one before, such "
        "as sales to buyers that the script did not see"
    )
    compared: int | None = Field(description="the count of the period that `compare` names; null without it")


class Funnel(ResponseBody):
    """Each step counts what happened in the period, whether or not the same buyer took the step before in it."""

    timezone: str
    starts_at: datetime
    ends_at: datetime
    steps: list[FunnelStep]
