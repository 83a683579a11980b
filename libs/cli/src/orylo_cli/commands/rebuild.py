"""`orylo rebuild`: read models, made again from what they are derived from."""

import asyncio
from datetime import UTC, datetime, timedelta

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from orylo_api.read_models.rebuilding import oldest_period, periods, rebuild_period
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantFilterArgument
from orylo_cli.console import err, print_json, print_text
from orylo_cli.target import OWN_ROLE, open_target
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import open_pool

app = typer.Typer(no_args_is_help=True, help="Read models, made again from what they are derived from.")


# A group, although it has one command: others will follow it.
@app.callback()
def rebuild() -> None:
    pass


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
