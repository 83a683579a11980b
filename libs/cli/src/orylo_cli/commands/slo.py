"""`orylo slo`: whether the objectives were met."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from orylo_cli.commands.options import JsonOption
from orylo_cli.console import FAILED, print_json, print_rows
from orylo_cli.objectives import ObjectiveReport, read_objectives

MAX_DAYS = 366


def slo(
    prometheus: Annotated[
        str, typer.Option(envvar="ORYLO_PROMETHEUS_URL", metavar="URL", help="The address of Prometheus.")
    ] = "http://127.0.0.1:9090",
    days: Annotated[int, typer.Option(min=1, max=MAX_DAYS, help="The period, which ends now.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """Report the objectives of the last 30 days: the share that met them, and what is left of the error budget.

    Webhooks are answered (99.9 %), decisions take at most 250 ms (99 %), conversions arrive within 60 s (99 %), the
    dashboard answers without an error (99 %). Prometheus must keep its data for the period.

    Exit status: 0 if every objective with events was met, else 1.

    Example: `orylo slo --days 7 --prometheus http://prometheus:9090`
    """
    reports = asyncio.run(read_objectives(prometheus, days))
    if as_json:
        print_json([asdict(report) for report in reports])
    else:
        print_rows([_row(report) for report in reports], as_json=False, empty="no objectives")
    if any(report.met is False for report in reports):
        raise typer.Exit(FAILED)


def _row(report: ObjectiveReport) -> dict[str, str]:
    nothing = report.met is None or report.achieved is None or report.budget_left is None
    return {
        "objective": report.name,
        "events": f"{report.events:,.0f}",
        "target": f"{report.target:.1%}",
        "achieved": "–" if nothing else f"{report.achieved:.3%}",
        "budget_left": "–" if nothing else f"{report.budget_left:.0%}",
        "result": "no events" if nothing else "met" if report.met else "missed",
    }
