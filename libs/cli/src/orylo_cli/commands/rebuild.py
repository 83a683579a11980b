"""`orylo rebuild`: read models, made again from what they are derived from."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from orylo_api.jobs.models import Job, JobState
from orylo_api.read_models.rebuilding import oldest_period, periods, rebuild_period
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantArgument, TenantFilterArgument
from orylo_cli.console import err, exit_with_error, print_json, print_text
from orylo_cli.operations.jobs import cancel, find_job, rebuild_payments
from orylo_cli.target import OWN_ROLE, open_target
from orylo_common.control.audit import Actor
from orylo_common.control.errors import InvalidChange
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection, open_pool

INTERRUPTED = 130
POLL_S = 0.3

app = typer.Typer(no_args_is_help=True, help="Read models, made again from what they are derived from.")


@app.command()
def rollups(
    tenant: TenantFilterArgument = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Sum the rollups of payments and conversions again from their rows, a day at a time, the newest first.

    The platform may run: the old sums of a period are shown until its new ones replace them, and messages that arrive
    meanwhile count once. It is safe to stop and to repeat. Needed only after an update from a version without these
    rollups whose replicas ran on during the migration, or if rows were changed by hand.

    Counts of messages, such as clicks and checkouts, are not derived from rows and stay as they are.

    Example: `orylo rebuild rollups minha-loja`
    """
    with open_target(data_dir, "rebuild rollups") as target:
        number = asyncio.run(_rebuild(target.database_url, tenant))
    if as_json:
        print_json({"days": number})
    else:
        print_text(f"summed {number:,} days again" if number else "there is nothing to sum")


@app.command()
def payments(
    tenant: TenantArgument,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Restore a tenant's payments, disputes and customers from its stored webhooks, then sum its rollups again.

    For rows that were lost or changed by hand. Ingest keeps webhooks for 90 days; older payments stay as they are. What
    people and other services did (verdicts, decisions, conversions) is not read again. Payments may arrive meanwhile.

    A job of the platform does the work, so the platform must run. This command starts the job, shows its progress and
    waits for its end. Ctrl-C cancels the job after its present step: what it has restored stays, and the command can be
    repeated at any time. If only this command is killed, the job goes on: see `orylo job list`.

    Example: `orylo rebuild payments minha-loja`
    """
    with open_target(data_dir, "rebuild payments") as target:
        if target.data_dir is not None and target.running is None:
            exit_with_error("the platform is not running, and its job would wait: start it with `orylo up`")
        job = target.run(lambda each: rebuild_payments(each, tenant, actor=target.actor, now=datetime.now(UTC)))
        try:
            with _progress() as progress:
                job = asyncio.run(_follow(target.database_url, job, progress))
        except KeyboardInterrupt:
            job = target.run(lambda each: _cancel(each, job.id, target.actor))
    if as_json:
        print_json(job.model_dump(mode="json"))
    read, days = (job.counts.get(name, 0) for name in ("webhooks_read", "days_summed"))
    done = f"read {read:,} webhooks and summed {days:,} days again"
    if job.state == JobState.DONE:
        if not as_json:
            print_text(done)
    elif job.state == JobState.FAILED:
        exit_with_error(f"the job {job.id} failed: {job.error}")
    else:
        exit_with_error(
            f"stopped: {done} so far. What it restored is kept. Repeat the command to restore everything", INTERRUPTED
        )


async def _follow(database_url: str, job: Job, progress: Progress) -> Job:
    """Show the progress of a job until it has ended, and return it."""
    task = progress.add_task("waiting for the platform", total=None)
    async with open_pool(database_url, role=OWN_ROLE, max_size=1) as pool:
        while job.finished_at is None:
            await asyncio.sleep(POLL_S)
            async with pool.acquire() as connection:
                job = await find_job(connection, job.id)
            description = "reading webhooks" if job.total is None else "summing days"
            if job.started_at is not None:
                progress.update(task, description=description, completed=job.done, total=job.total)
    return job


async def _cancel(connection: Connection, job_id: UUID, actor: Actor) -> Job:
    """Request it, and return the job. It may have ended meanwhile."""
    with suppress(InvalidChange):
        await cancel(connection, job_id, actor=actor, now=datetime.now(UTC))
    return await find_job(connection, job_id)


async def _rebuild(database_url: str, tenant: str | None) -> int:
    async with open_pool(database_url, role=OWN_ROLE, max_size=1) as pool, pool.acquire() as connection:
        tenant_id = (await find_tenant(connection, tenant)).id if tenant else None
        start = await oldest_period(connection)
        # A gateway's clock may be ahead.
        todo = list(periods(start, datetime.now(UTC) + timedelta(days=2))) if start else []
        with _progress() as progress:
            for each in progress.track(todo, description="rollups"):
                await rebuild_period(connection, *each, tenant_id)
        return len(todo)


def _progress() -> Progress:
    """Return a progress bar on standard error, which is shown on terminals only."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err, disable=not err.is_terminal)
