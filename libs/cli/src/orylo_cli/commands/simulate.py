"""`orylo simulate`: realistic traffic of a shop."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.live import Live
from rich.text import Text

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, not_on_command_line
from orylo_cli.console import err, exit_with_error, print_json, print_note, print_text
from orylo_cli.signers import read_signers
from orylo_cli.simulate import (
    RemoteTargetForbidden,
    SimulatedGateway,
    SimulateOptions,
    SimulateSummary,
    run,
)
from orylo_cli.simulate.history import START, YEAR_DAYS, simulated_history, write_history
from orylo_cli.target import open_target
from orylo_common.webhook_signing import WebhookSigner

DEFAULT_INGEST_URL = "http://127.0.0.1:8080"

LONGEST_S = 86_400.0
_UNITS = {"s": 1, "m": 60, "h": 3600}


def _seconds(text: str | float) -> float:
    """Parse a duration such as 90, 90s or 2m."""
    written = str(text)
    number, unit = (written[:-1], written[-1]) if written[-1:] in _UNITS else (written, "s")
    try:
        seconds = float(number) * _UNITS[unit]
    except ValueError:
        raise typer.BadParameter(f"{written!r} is not a duration: write 90, 90s or 2m") from None
    if not 1 <= seconds <= LONGEST_S:
        raise typer.BadParameter("the duration must be between 1 second and 1 day")
    return seconds


def simulate(
    tenant: Annotated[str, typer.Option(help="The tenant's slug or id.")] = "demo",
    rate: Annotated[
        float,
        typer.Option(min=0.1, max=5_000, help="Requests per second, sent on schedule even if responses are slow."),
    ] = 20.0,
    duration: Annotated[
        float,
        typer.Option(parser=_seconds, metavar="TIME", help="A duration such as 90, 90s or 2m; seconds without a unit."),
    ] = 60.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same buyers and journeys.")] = 1,
    ingest_url: Annotated[
        str | None,
        typer.Option(envvar="ORYLO_INGEST_URL", help="The URL of ingest. Default: the one that `orylo up` runs."),
    ] = None,
    stripe_secret: Annotated[
        str | None,
        typer.Option(
            envvar="ORYLO_SIMULATE_STRIPE_SECRET",
            callback=not_on_command_line,
            hidden=True,
            help="The signing secret, from the variable only. Default: the tenant's.",
        ),
    ] = None,
    hotmart_hottok: Annotated[
        str | None,
        typer.Option(
            envvar="ORYLO_SIMULATE_HOTTOK",
            callback=not_on_command_line,
            hidden=True,
            help="The Hotmart token, from the variable only. Default: the tenant's.",
        ),
    ] = None,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Allow an --ingest-url on another machine.")
    ] = False,
    history: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Send nothing: write a labelled year of payments as CSV, for `orylo backtest`."
        ),
    ] = None,
    without_fraud: Annotated[
        bool, typer.Option("--without-fraud", help="With --history: a year without fraud.")
    ] = False,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Send realistic webhooks and page views: sales, declines, refunds, disputes, card testing, resends.

    Each webhook is signed as its gateway signs it, with the tenant's secret or the one in ORYLO_SIMULATE_STRIPE_SECRET
    or ORYLO_SIMULATE_HOTTOK. Weeks are compressed into seconds.

    Example: `orylo simulate --tenant minha-loja --rate 50 --duration 120`

    Example: `orylo simulate --history year.csv --seed 7`
    """
    if history is not None:
        _write_history(history, seed, with_fraud=not without_fraud)
        return
    if without_fraud:
        raise typer.BadParameter("--without-fraud needs --history")
    if ingest_url is not None and not _is_url(ingest_url):
        raise typer.BadParameter(
            f"{ingest_url!r} is not a URL: write one like {DEFAULT_INGEST_URL}", param_hint="--ingest-url"
        )
    given: dict[SimulatedGateway, str | None] = {"stripe": stripe_secret, "hotmart": hotmart_hottok}
    signers = {gateway: WebhookSigner(gateway, secret) for gateway, secret in given.items() if secret}
    if not signers or ingest_url is None:
        with open_target(data_dir, "simulate") as target:
            signers = signers or asyncio.run(read_signers(target, tenant))
            ingest_url = ingest_url or (target.running.ingest_url if target.running else DEFAULT_INGEST_URL)
    if not signers:
        exit_with_error(
            f"Stripe and Hotmart are not enabled for {tenant}: orylo gateway set {tenant} hotmart --secret-stdin"
        )
    options = SimulateOptions(
        tenant, signers, ingest_url, seed=seed, rate=rate, duration_s=duration, allow_remote=allow_remote
    )
    summary = SimulateSummary()
    # Ctrl-C stops sending. The summary is printed all the same.
    with suppress(KeyboardInterrupt):
        asyncio.run(_watched(options, summary))
    if as_json:
        print_json(summary.as_json())
    else:
        print_text(_line(summary))
    if not summary.tracking:
        print_note("page views were skipped: ingest has no tracking for this tenant")
    if not summary.answered:
        exit_with_error(f"no response from {ingest_url}: check that `orylo up` is running")


def _write_history(file: Path, seed: int, *, with_fraud: bool) -> None:
    rows = simulated_history(seed, with_fraud=with_fraud)
    try:
        write_history(file, rows)
    except OSError as error:
        exit_with_error(f"{file} cannot be written: {error.strerror}")
    frauds = sum(bool(row.scenario) for row in rows)
    print_text(
        f"{file}: {len(rows):,} attempts to pay in {YEAR_DAYS} days from {START.date()}, {frauds:,} of them fraud"
    )


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


async def _watched(options: SimulateOptions, summary: SimulateSummary) -> None:
    with Live(get_renderable=lambda: Text(_line(summary)), console=err, refresh_per_second=4, transient=True):
        try:
            await run(options, summary)
        except RemoteTargetForbidden as error:
            exit_with_error(str(error))


def _line(summary: SimulateSummary) -> str:
    return (
        f"{summary.elapsed_s:.0f} s  sent {summary.sent}  accepted {summary.accepted}  "
        f"duplicates {summary.duplicates}  page views {summary.visits}  rejected {summary.rejected}  "
        f"errors {summary.errors}  p95 {summary.percentile_ms(0.95):.1f} ms"
    )
