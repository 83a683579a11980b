from datetime import datetime

from pydantic import Field

from orylo_api.http.fields import ResponseBody
from orylo_api.timeseries.models import PeriodQuery


class QualityQuery(PeriodQuery):
    weeks: int = Field(
        default=12, ge=1, le=52, description="without `from`: how many weeks up to `to`, whose week is the last"
    )


class Quality(ResponseBody):
    """The precision and the recall of one kind of decision. A rate is null where it would divide by 0."""

    payments: int = Field(description="paid payments with this decision")
    frauds: int = Field(description="of them, those that are fraud")
    precision: float | None = Field(description="frauds / payments")
    recall: float | None = Field(description="frauds / all frauds of the week or period")
    false_positive_rate: float | None = Field(
        description="(payments - frauds) / all legitimate payments of the week or period"
    )


class QualityAmounts(ResponseBody):
    """Sums of paid amounts, in the currency's minor unit."""

    currency: str
    stopped_minor: int = Field(description="fraud that was blocked")
    lost_minor: int = Field(description="fraud that was not blocked")
    wrongly_blocked_minor: int = Field(description="legitimate payments that were blocked")


class QualityWeek(ResponseBody):
    """Paid payments of a week, or of the whole period, by the time of payment."""

    starts_at: datetime = Field(description="Monday 00:00 in the time zone; the period's start, if that is later")
    ends_at: datetime
    settled: bool = Field(
        description="it ended at least 120 days ago, so card networks accept no new disputes of fraud; until then more "
        "frauds may become known"
    )
    payments: int
    frauds: int = Field(
        description="by the newest verdict; without one, by a dispute that was not won; without one, by a fraud warning"
    )
    judged: int = Field(description="payments with a verdict")
    blocked: Quality = Field(description="decision `block`")
    flagged: Quality = Field(description="decision `block` or `review`")
    amounts: list[QualityAmounts]


class ReviewQueue(ResponseBody):
    """The open cases of the review queue, those that are put off among them."""

    payments: int = Field(description="at most 10,000 are counted")
    oldest_at: datetime | None = Field(description="when the one that waits longest came into the queue")
    median_age_s: int | None = Field(ge=0, description="how long half of them have waited at least, in seconds")


class DecisionQuality(ResponseBody):
    """The quality of the current decisions on paid payments, and the queue of those that a person should look at.

    A payment counts as fraud by its newest verdict; without a verdict if it has a dispute that was not won; without a
    dispute if a card network warned of it. Any other payment counts as legitimate, even one that was blocked and
    has no verdict: give verdicts on blocked payments, or their precision looks lower than it is.
    """

    generated_at: datetime
    period: QualityWeek = Field(description="all weeks together")
    weeks: list[QualityWeek] = Field(description="newest first")
    review_queue: ReviewQueue
