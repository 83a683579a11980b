"""The report of a backtest, as `orylo backtest --json` prints it."""

from datetime import datetime
from typing import Any

from pydantic import Field

from orylo_api.http.fields import ResponseBody
from orylo_common.messages import Decision

Rate = float | None


class DecidedShare(ResponseBody):
    decision: Decision
    frauds: int = Field(ge=0)
    honest: int = Field(ge=0)
    share_of_frauds: Rate = Field(examples=[0.61])
    share_of_honest: Rate = Field(examples=[0.011])
    fraud_amount: dict[str, str] = Field(description="in main units, by currency", examples=[{"BRL": "12300.00"}])
    honest_amount: dict[str, str] = Field(description="in main units, by currency", examples=[{"BRL": "497.00"}])


class ThresholdRates(ResponseBody):
    """Of the payments with a risk of at least `threshold`: the points of both curves."""

    threshold: int = Field(ge=0, le=101, examples=[80])
    frauds: int = Field(ge=0)
    honest: int = Field(ge=0)
    detection_rate: Rate = Field(description="of the frauds: recall", examples=[0.61])
    false_positive_rate: Rate = Field(description="of the honest payments", examples=[0.011])
    precision: Rate = Field(description="frauds among them", examples=[0.72])


class ContributionFigures(ResponseBody):
    """Payments that a detector or a reason gave points to. Decisive ones reach a review with its points only."""

    name: str = Field(examples=["velocity"])
    frauds: int = Field(ge=0)
    honest: int = Field(ge=0)
    points: int = Field(ge=0)
    decisive_frauds: int = Field(ge=0)
    decisive_honest: int = Field(ge=0)
    precision: Rate = Field(examples=[0.72])


class RuleFigures(ResponseBody):
    """Payments that a rule is true of, and those whose decision it changes, or would change if it were on."""

    name: str = Field(examples=["High first order"])
    mode: str = Field(examples=["on"])
    frauds: int = Field(ge=0)
    honest: int = Field(ge=0)
    changed_frauds: int = Field(ge=0)
    changed_honest: int = Field(ge=0)


class ListFigures(ResponseBody):
    """Payments that list entries of one kind decide on, and those that get another decision by them."""

    name: str = Field(description="the decisions' `override`", examples=["block_list.ip"])
    frauds: int = Field(ge=0)
    honest: int = Field(ge=0)
    changed_frauds: int = Field(ge=0)
    changed_honest: int = Field(ge=0)


class DailyPrecision(ResponseBody):
    """Precision among the customers with the highest risk of each day."""

    inspected_a_day: int = Field(ge=1, examples=[100])
    mean: Rate = Field(examples=[0.28])
    by_day: dict[str, Rate] = Field(examples=[{"2026-03-14": 0.31}])


class VariantReport(ResponseBody):
    name: str = Field(description="`current` or `proposed`", examples=["current"])
    review_at: int
    block_at: int
    settings: dict[str, Any] = Field(description="those that differ from the defaults", examples=[{"block_at": 70}])
    frauds: int = Field(ge=0)
    honest: int = Field(ge=0)
    roc_auc: Rate = Field(examples=[0.88])
    average_precision: Rate = Field(examples=[0.72])
    card_precision: DailyPrecision
    decisions: list[DecidedShare]
    thresholds: list[ThresholdRates]
    detectors: list[ContributionFigures]
    reasons: list[ContributionFigures]
    rules: list[RuleFigures]
    lists: list[ListFigures] = Field(default=[], description="earlier reports lack it")
    degraded: dict[str, int] = Field(
        description="decisions without a detector, by detector", examples=[{"custom_rules.0195a3f2": 2}]
    )


class ExamplePoints(ResponseBody):
    reason: str = Field(examples=["velocity.card.1h"])
    points: int


class ExampleDecision(ResponseBody):
    decision: Decision
    risk_score: int = Field(ge=0, le=100)
    override: str | None = Field(
        default=None,
        description="what decided in place of the risk, as in decisions. Earlier reports lack it",
        examples=["block_list.ip"],
    )
    points: list[ExamplePoints]


class ExamplePayment(ResponseBody):
    payment_id: str
    customer_id: str | None
    occurred_at: datetime
    amount: str = Field(description="in the currency's main unit", examples=["497.00"])
    currency: str
    decisions: list[ExampleDecision] = Field(description="one for each variant")


class Mistakes(ResponseBody):
    """Payments of one kind of mistake or of change, those of the highest amounts."""

    kind: str = Field(examples=["Frauds that were allowed"])
    count: int = Field(ge=0)
    payments: list[ExamplePayment] = Field(description="at most 10")


class BacktestReport(ResponseBody):
    interrupted: bool
    warmup_from: datetime
    test_from: datetime
    test_to: datetime
    replayed_until: datetime | None
    feedback_delay_days: float = Field(ge=0, examples=[7])
    replayed: int = Field(ge=0)
    measured: int = Field(ge=0)
    list_entries: int = Field(
        default=0,
        ge=0,
        description="entries of customers, cards, addresses, email domains and card countries, on any list, that were "
        "in effect when the backtest began. They apply to all payments before their end. Earlier reports lack it",
        examples=[12],
    )
    not_replayed: list[str] = Field(
        default=[],
        description="what live decisions read besides, and these did not: `other_list_entries` (of emails, documents, "
        "devices and BINs), `statuses`, `trust_scores`, `refunds`, `snoozes`, `fuse`. Reports with `lists` were made "
        "without lists. Earlier reports lack it",
        examples=[["other_list_entries", "statuses", "trust_scores", "refunds", "snoozes", "fuse"]],
    )
    variants: list[VariantReport] = Field(
        description="the current settings and, if others are tried, the proposed ones"
    )
    examples: list[Mistakes]
