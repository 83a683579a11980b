"""`orylo job`: work that outlasts a request."""

from typing import Annotated
from uuid import UUID

import typer

from orylo_api.jobs.models import Job, JobQuery, JobState
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantFilterOption
from orylo_cli.console import print_json, print_rows, print_text
from orylo_cli.operations.jobs import cancel as cancel_job
from orylo_cli.operations.jobs import find_job, list_all, tenant_slugs
from orylo_cli.target import open_target
from orylo_common.clock import SystemClock

MAX_ROWS = 200
IdArgument = Annotated[UUID, typer.Argument(metavar="ID", help="The job's id, from `orylo job list`.")]
CLOCK = SystemClock()

app = typer.Typer(no_args_is_help=True, help="Work that outlasts a request: backtests, replays of many dead letters.")


@app.command("list")
def list_(
    tenant: TenantFilterOption = None,
    state: Annotated[JobState | None, typer.Option(help="Only jobs in this state.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only jobs of this kind, such as `backtest`.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_ROWS, help="The maximum number of rows.")] = 50,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """List jobs, newest first.

    Example: `orylo job list --state running --json`
    """
    query = JobQuery(state=state, kind=kind, limit=limit)
    with open_target(data_dir, "job list") as target:
        found = target.run(lambda connection: list_all(connection, query, tenant))
        tenants = target.run(lambda connection: tenant_slugs(connection, [each.id for each in found]))
    form = "json" if as_json else "python"
    rows = [{"id": each.id, "tenant": tenants.get(each.id), **each.model_dump(mode=form)} for each in found]
    if not as_json:
        columns = ("id", "tenant", "kind", "state", "done", "total", "started_by", "created_at")
        rows = [{name: row[name] for name in columns} for row in rows]
    print_rows(rows, as_json=as_json, empty="no jobs")


@app.command()
def show(job: IdArgument, as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """Show a job with its progress.

    Example: `orylo job show 01a1fb1d-bca7-73d3-bd18-7f15298f1086`
    """
    with open_target(data_dir, "job show") as target:
        found = target.run(lambda connection: find_job(connection, job))
    _print(found, as_json=as_json)


@app.command()
def cancel(job: IdArgument, as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """Cancel a job. It ends after its current step, and what it has done stays done.

    Example: `orylo job cancel 01a1fb1d-bca7-73d3-bd18-7f15298f1086`
    """
    with open_target(data_dir, "job cancel") as target:
        found = target.run(lambda connection: cancel_job(connection, job, actor=target.actor, now=CLOCK.now()))
    _print(found, as_json=as_json)


def _print(job: Job, *, as_json: bool) -> None:
    if as_json:
        print_json(job.model_dump(mode="json"))
        return
    counts = "".join(f", {number} {name}" for name, number in job.counts.items())
    print_text(f"{job.kind}: {job.state}" + (", cancellation requested" if job.cancel_requested_at else ""))
    print_text(f"done: {job.done} of {job.total if job.total is not None else 'an unknown number'}{counts}")
    print_text(f"started by {job.started_by} at {job.created_at:%F %TZ}")
    if job.error:
        print_text(f"error: {job.error}")
    if job.result:
        print_text(f"result: {job.result}")
