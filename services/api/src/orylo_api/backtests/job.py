"""The job that runs a backtest: one step, whose work is the detector's."""

from contextlib import aclosing
from typing import Any

import orjson

from orylo_api.access.roles import Permission
from orylo_api.jobs.kind import JobKind
from orylo_api.jobs.queries import read_file
from orylo_api.jobs.run import JobFailed, JobRun

KIND = "backtest"


class BacktestCrashed(Exception):
    """The process that ran the backtest died without a result."""


async def run_backtest(run: JobRun) -> None:
    if run.result is not None:
        return
    async with run.step() as connection:
        file = await read_file(connection, run.id, "input")
    if file is None:
        raise JobFailed("The uploaded file is gone. Upload it again.")
    report = await run.unless_canceled(_replay(run, file))
    figures = figures_of(report)
    async with run.step() as connection:
        await run.store_result(connection, orjson.dumps(report))
        run.summary = {**(run.summary or {}), "figures": figures}
        run.done = run.total or report["replayed"]
        run.result = f"/api/v1/backtests/{run.id}"


async def _replay(run: JobRun, file: bytes) -> dict[str, Any]:
    result: dict[str, Any] | None = None
    lines = run.services.detector.backtest(request_line(run.request), file)
    async with aclosing(lines):
        async for line in lines:
            match line:
                case {"done": int(done), "total": int(total)}:
                    run.report(done, total)
                case {"refused": str(reason)}:
                    raise JobFailed(f"{reason[:1].upper()}{reason[1:]}.")
                case {"report": dict(report)}:
                    result = report
    if result is None:
        raise BacktestCrashed
    return result


def request_line(request: Any) -> bytes:
    return orjson.dumps(request, option=orjson.OPT_APPEND_NEWLINE)


def figures_of(report: dict[str, Any]) -> dict[str, float | None]:
    """Return the headline figures of the last variant."""
    variant = report["variants"][-1]
    stopped = [each for each in variant["decisions"] if each["decision"] != "allow"]
    return {
        "roc_auc": variant["roc_auc"],
        "average_precision": variant["average_precision"],
        "caught": _share(sum(each["frauds"] for each in stopped), variant["frauds"]),
        "wrong": _share(sum(each["honest"] for each in stopped), variant["honest"]),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


BACKTEST = JobKind(KIND, Permission.RUN_BACKTESTS, run_backtest)
