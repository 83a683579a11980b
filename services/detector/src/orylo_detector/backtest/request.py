"""The API's request for a backtest, and the task that its process reads."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from orylo_common.control.lists.effective import EffectiveEntry
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_detector.backtest.replay import FEEDBACK_DELAY
from orylo_rules import Rule

# A line of list entries.
ENTRIES = TypeAdapter(list[EffectiveEntry])


class BacktestOptions(BaseModel):
    """The columns of the file, and the period to measure. `columns` maps our names of columns to the file's."""

    model_config = ConfigDict(frozen=True)

    check_only: bool = False
    columns: dict[str, str] = {}
    feedback_delay: timedelta = FEEDBACK_DELAY
    warmup_from: datetime | None = None
    test_from: datetime | None = None
    test_to: datetime | None = None


class BacktestRequest(BacktestOptions):
    """`settings` changes the tenant's current ones, and `rules` are beside the current ones."""

    tenant_id: UUID
    settings: dict[str, Any] = {}
    rules: list[Rule] = []


class BacktestTask(BacktestOptions):
    """A request with the tenant's settings and rules, by variant."""

    variants: list["BacktestVariant"] = Field(min_length=1)


class BacktestVariant(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    policy: DetectionPolicy
    rules: list[Rule]
