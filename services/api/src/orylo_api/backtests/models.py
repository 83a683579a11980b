from datetime import datetime
from uuid import UUID

from pydantic import Field

from orylo_api.backtests.report import BacktestReport
from orylo_api.http.fields import Page, RangeQuery, RequestPart, ResponseBody, Text
from orylo_api.http.problem_details import ImportProblem
from orylo_api.jobs.models import Job, JobState


class BacktestColumn(ResponseBody):
    name: str = Field(description="in the file", examples=["value"])
    used_as: str | None = Field(description="our name of it; null if it is not used", examples=["amount"])
    looks_like: str | None = Field(
        description="for a column that is not used, one that the file lacks and that has a similar name",
        examples=["amount"],
    )


class BacktestCheck(ResponseBody):
    columns: list[BacktestColumn]
    missing: list[str] = Field(description="required columns that the file lacks", examples=[["is_fraud"]])
    payments: int = Field(ge=0, description="rows that can be replayed; 0 if any cannot", examples=[12410])
    frauds: int = Field(ge=0, examples=[212])
    first_at: datetime | None
    last_at: datetime | None
    invalid: int = Field(ge=0, description="lines that cannot be used", examples=[0])
    problems: list[ImportProblem] = Field(description="the first 20 of them")


class BacktestStart(ResponseBody):
    dry_run: bool
    check: BacktestCheck
    job: Job | None = Field(description="the job that replays the file; null for a dry run")


class BacktestPath(RequestPart):
    id: UUID = Field(description="the backtest's id, which is its job's")


class BacktestListQuery(RangeQuery):
    state: JobState | None = Field(default=None, description="only in this state", examples=["done"])


class BacktestFigures(ResponseBody):
    """Of the last variant: the proposed settings and rules, or else the current ones."""

    roc_auc: float | None = Field(examples=[0.88])
    average_precision: float | None = Field(examples=[0.72])
    caught: float | None = Field(description="share of the frauds that are blocked or reviewed", examples=[0.87])
    wrong: float | None = Field(
        description="share of the honest payments that are blocked or reviewed", examples=[0.06]
    )


class ListedBacktest(ResponseBody):
    id: UUID
    name: str = Field(examples=["May, block at 70"])
    job: Job
    payments: int = Field(ge=0, examples=[12410])
    frauds: int = Field(ge=0, examples=[212])
    first_at: datetime
    last_at: datetime
    file_sha256: str = Field(
        description="of the file that was uploaded",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )
    figures: BacktestFigures | None = Field(description="null until it is done")


class BacktestPage(Page[ListedBacktest]):
    pass


class BacktestDetail(ListedBacktest):
    report: BacktestReport | None = Field(description="the result; null until it is done")


class CompareQuery(RequestPart):
    with_: UUID = Field(alias="with", description="the id of another backtest that is done")


class FigureChange(ResponseBody):
    name: str = Field(description="a figure of `BacktestFigures`, or `precision_100`", examples=["caught"])
    this: float | None = Field(examples=[0.87])
    other: float | None = Field(examples=[0.84])
    change: float | None = Field(description="this less other", examples=[0.03])


class SettingDifference(ResponseBody):
    name: Text = Field(examples=["block_at"])
    this: str | None = Field(description="as JSON; null for the default", examples=["70"])
    other: str | None = Field(description="as JSON; null for the default", examples=["80"])


class ThresholdChange(ResponseBody):
    threshold: int = Field(ge=0, le=101, examples=[80])
    detection_rate: float | None = Field(description="this less other", examples=[0.02])
    false_positive_rate: float | None = Field(description="this less other", examples=[-0.01])
    precision: float | None = Field(description="this less other", examples=[0.05])


class BacktestComparison(ResponseBody):
    """Two backtests, each by its last variant."""

    this: ListedBacktest
    other: ListedBacktest
    same_file: bool = Field(description="figures of different files are not comparable")
    same_period: bool = Field(description="whether they measure the same time")
    figures: list[FigureChange]
    settings: list[SettingDifference] = Field(description="settings that differ")
    thresholds: list[ThresholdChange]
