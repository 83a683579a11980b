"""Compare two backtests by their last variants."""

import orjson

from orylo_api.backtests.models import (
    BacktestComparison,
    BacktestDetail,
    FigureChange,
    ListedBacktest,
    SettingDifference,
    ThresholdChange,
)
from orylo_api.backtests.report import BacktestReport, Rate, VariantReport
from orylo_api.errors import Conflict


def compare(this: BacktestDetail, other: BacktestDetail) -> BacktestComparison:
    """Raises `Conflict` if one of them is not done."""
    ours, theirs = _report_of(this), _report_of(other)
    period = (ours.warmup_from, ours.test_from, ours.test_to)
    mine, yours = ours.variants[-1], theirs.variants[-1]
    return BacktestComparison(
        this=_without_report(this),
        other=_without_report(other),
        same_file=this.file_sha256 == other.file_sha256,
        same_period=period == (theirs.warmup_from, theirs.test_from, theirs.test_to),
        figures=_figures(this, other, mine, yours),
        settings=_settings(mine, yours),
        thresholds=_thresholds(mine, yours),
    )


def _report_of(backtest: BacktestDetail) -> BacktestReport:
    if backtest.report is None:
        raise Conflict(f"the backtest {backtest.id} is {backtest.job.state}, and has no result", code="not_done")
    return backtest.report


def _without_report(backtest: BacktestDetail) -> ListedBacktest:
    return ListedBacktest(**{name: getattr(backtest, name) for name in ListedBacktest.model_fields})


def _figures(
    this: BacktestDetail, other: BacktestDetail, mine: VariantReport, yours: VariantReport
) -> list[FigureChange]:
    ours = {} if this.figures is None else this.figures.model_dump()
    theirs = {} if other.figures is None else other.figures.model_dump()
    ours["precision_100"], theirs["precision_100"] = mine.card_precision.mean, yours.card_precision.mean
    return [
        FigureChange(name=name, this=value, other=theirs.get(name), change=_less(value, theirs.get(name)))
        for name, value in ours.items()
    ]


def _settings(mine: VariantReport, yours: VariantReport) -> list[SettingDifference]:
    names = sorted(mine.settings.keys() | yours.settings.keys())
    values = {name: tuple(_json(each.settings, name) for each in (mine, yours)) for name in names}
    return [SettingDifference(name=name, this=a, other=b) for name, (a, b) in values.items() if a != b]


def _json(settings: dict[str, object], name: str) -> str | None:
    return orjson.dumps(settings[name]).decode() if name in settings else None


def _thresholds(mine: VariantReport, yours: VariantReport) -> list[ThresholdChange]:
    return [
        ThresholdChange(
            threshold=a.threshold,
            detection_rate=_less(a.detection_rate, b.detection_rate),
            false_positive_rate=_less(a.false_positive_rate, b.false_positive_rate),
            precision=_less(a.precision, b.precision),
        )
        for a, b in zip(mine.thresholds, yours.thresholds, strict=True)
    ]


def _less(this: Rate, other: Rate) -> Rate:
    return None if this is None or other is None else round(this - other, 4)
