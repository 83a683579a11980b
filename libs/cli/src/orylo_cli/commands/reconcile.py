"""`orylo reconcile`: a gateway's own records against what was received."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from pydantic_settings import BaseSettings, SettingsConfigDict

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantFilterArgument
from orylo_cli.console import FAILED, print_json, print_note, print_rows, print_text
from orylo_cli.operations.reconciliation import TenantReport
from orylo_cli.operations.reconciliation import reconcile as run_reconciliation
from orylo_cli.target import open_target
from orylo_common.clock import SystemClock
from orylo_common.messages import ReconciledAmount, ReconciliationChanged, ReconciliationState
from orylo_common.money import to_major
from orylo_common.telemetry.logs import configure_logs
from orylo_ingest.reconciliation.job import LONGEST_AGO, ComparedRange

CLOCK = SystemClock()
FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]


class StripeEnvironment(BaseSettings):
    """The variable that replaces the address of Stripe's API."""

    model_config = SettingsConfigDict(env_prefix="ORYLO_", env_ignore_empty=True, extra="ignore", frozen=True)

    stripe_base_url: str = "https://api.stripe.com"


def reconcile(
    tenant: TenantFilterArgument = None,
    gateway: Annotated[str, typer.Option(help="The gateway whose API is compared: `stripe`.")] = "stripe",
    start: Annotated[
        datetime | None,
        typer.Option("--from", formats=FORMATS, help="Events since then (UTC). Default, and at most: 30 days ago."),
    ] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", formats=FORMATS, help="Events before then (UTC). Default: now.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what is missing.")] = False,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Compare Stripe's events and amounts with what was received, and fetch missing events.

    Needs a key of Stripe's API with *Events: Read*. With *Balance transactions: Read* and *Charges: Read*, sums are
    compared, too. Events of the last 10 minutes are left to their webhooks. Exit with 1 if a reconciliation fails.

    Example: `orylo reconcile minha-loja --gateway stripe --from 2026-11-01 --to 2026-11-15 --dry-run`
    """
    if gateway != "stripe":
        raise typer.BadParameter("must be stripe: upload other gateways' exports to the API", param_hint="--gateway")
    now = CLOCK.now()
    wanted = ComparedRange(_utc(start) or now - LONGEST_AGO, _utc(end) or now)
    if wanted.settled(now).start >= wanted.settled(now).end:
        raise typer.BadParameter("the range is empty, or not within the last 30 days", param_hint="--from")
    # Standard output holds the report alone.
    configure_logs("orylo", "warning", stream=sys.stderr)
    base_url = StripeEnvironment().stripe_base_url
    with open_target(data_dir, "reconcile") as target:
        done = asyncio.run(
            run_reconciliation(
                target, tenant, wanted, dry_run=dry_run, base_url=base_url, clock=CLOCK, follow=_note_progress
            )
        )
    if as_json:
        print_json([_as_json(each) for each in done])
    else:
        for each in done:
            _print_report(each)
    if any(each.job.state is ReconciliationState.FAILED for each in done):
        raise typer.Exit(FAILED)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _note_progress(tenant: str, report: ReconciliationChanged) -> None:
    if report.finished_at is None:
        events = report.events
        print_note(
            f"{tenant}: {events.listed:,} events compared, {events.missing:,} missing, {events.fetched:,} fetched"
        )


def _as_json(done: TenantReport) -> dict[str, Any]:
    if done.report is None:
        return {"tenant": done.tenant, "id": done.job.id, "state": done.job.state, "problem": done.job.problem}
    kept = done.report.model_dump(
        mode="json", exclude={"message_id", "correlation_id", "causation_id", "tenant_id", "occurred_at", "type"}
    )
    return {"tenant": done.tenant, **kept}


def _print_report(done: TenantReport) -> None:
    job, report = done.job, done.report
    mode = {True: "live", False: "test"}.get(bool(job.livemode)) if job.livemode is not None else "no"
    print_text(
        f"{done.tenant}: {job.state}, {mode} mode, {job.range_start:%F %H:%M} to {job.range_end:%F %H:%M} UTC"
        + (" (dry run)" if job.dry_run else "")
    )
    if job.problem is not None:
        print_text(job.problem)
    if report is None:
        print_text(f"The platform's worker finished it: GET /api/v1/reconciliations/{job.id}")
        return
    events = report.events
    print_rows(
        [
            {
                "events_listed": events.listed,
                "known": events.known,
                "missing": events.missing,
                "fetched": events.fetched,
                "not_subscribed": events.not_subscribed,
            }
        ],
        as_json=False,
        empty="",
    )
    print_rows([_sums(each) for each in report.totals], as_json=False, empty="no amounts were compared")
    if report.differences:
        print_text("Days whose sums differ:")
        print_rows([_sums(each) for each in report.differences], as_json=False, empty="")


def _sums(amount: ReconciledAmount) -> dict[str, Any]:
    received = amount.received_minor
    return {
        "kind": amount.kind.value,
        "day": "all" if amount.day is None else amount.day.isoformat(),
        "currency": amount.currency,
        "stripe": str(to_major(amount.gateway_minor, amount.currency)),
        "received": "" if received is None else str(to_major(received, amount.currency)),
        "difference": "" if received is None else str(to_major(amount.gateway_minor - received, amount.currency)),
    }
