"""`orylo dlq`: dead letters, the messages and conversions that failed for good."""

import asyncio
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from orylo_api.dead_letters.models import DeadLetter, DeadLetterQuery, DeadLetterState
from orylo_api.dead_letters.queries import find_dead_letter
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantFilterOption
from orylo_cli.commands.serve import Service
from orylo_cli.console import FAILED, print_json, print_note, print_rows, print_text
from orylo_cli.operations.dead_letters import (
    DeadLetterResult,
    discard_one,
    ids_of_all,
    list_page,
    replay_one,
    tenant_slugs,
)
from orylo_cli.target import OWN_ROLE, Target, open_target
from orylo_common.clock import SystemClock
from orylo_common.control.errors import InvalidChange
from orylo_common.postgres.pool import Connection, open_pool

MAX_ROWS = 200

SourceOption = Annotated[
    Service | None,
    typer.Option(metavar="SERVICE", help=f"The service that failed: {', '.join(Service)}. Default: all services."),
]
IdArgument = Annotated[UUID, typer.Argument(metavar="ID", help="The dead letter's id, from `orylo dlq list`.")]
IdsArgument = Annotated[
    list[UUID] | None, typer.Argument(metavar="[ID]...", help="Ids of dead letters, from `orylo dlq list`.")
]

CauseOption = Annotated[
    str | None,
    typer.Option(help="The destination's error code, or else the start of the reason. Default: every cause."),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Count the dead letters, and change nothing.")]

CLOCK = SystemClock()

app = typer.Typer(no_args_is_help=True, help="Dead letters: messages and conversions that failed for good.")


@app.command("list")
def list_(
    source: SourceOption = None,
    tenant: TenantFilterOption = None,
    state: Annotated[DeadLetterState, typer.Option(help="Open ones, or settled ones by how they were settled.")] = (
        DeadLetterState.OPEN
    ),
    limit: Annotated[int, typer.Option(min=1, max=MAX_ROWS, help="The maximum number of rows.")] = 50,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """List dead letters, newest first.

    Example: `orylo dlq list --source dispatch --json`
    """
    query = DeadLetterQuery(source=source, state=state, limit=limit)
    with open_target(data_dir, "dlq list") as target:
        found, _ = target.run(lambda connection: list_page(connection, query, tenant))
        tenants = target.run(lambda connection: tenant_slugs(connection, [each.id for each in found]))
    form = "json" if as_json else "python"
    rows = [
        {"id": each.id, "tenant": tenants.get(each.id), **each.model_dump(mode=form, exclude={"id"})} for each in found
    ]
    if not as_json:
        columns = ("id", "tenant", "source", "type", "subject", "reason", "code", "attempts", "first_failed_at")
        rows = [{name: row[name] for name in columns} for row in rows]
    print_rows(rows, as_json=as_json, empty=f"no {state} dead letters")


@app.command("show")
def show(dead_letter: IdArgument, as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """Show a dead letter: the reason, its payload, and earlier failures of the same message.

    Example: `orylo dlq show 01a1fb1d-bca7-73d3-bd18-7f15298f1086`
    """
    with open_target(data_dir, "dlq show") as target:
        found = target.run(lambda connection: find_dead_letter(connection, dead_letter))
        tenants = target.run(lambda connection: tenant_slugs(connection, [dead_letter]))
    if found is None:
        raise InvalidChange("this dead letter does not exist")
    tenant = tenants.get(dead_letter)
    if not as_json:
        _describe(found, tenant)
    print_json({"tenant": tenant, **found.model_dump(mode="json")} if as_json else found.payload)


@app.command()
def replay(
    ids: IdsArgument = None,
    every: Annotated[
        bool, typer.Option("--all", help="Replay all open dead letters that match --source, --tenant and --cause.")
    ] = False,
    source: SourceOption = None,
    tenant: TenantFilterOption = None,
    cause: CauseOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Replay dead letters: put each message back into its queue. Effects that already happened do not repeat.

    Examples: `orylo dlq replay 01a1fb1d-bca7-73d3-bd18-7f15298f1086`, `orylo dlq replay --all --source dispatch`
    """
    if bool(ids) == every:
        raise typer.BadParameter("give ids, or --all")
    query = DeadLetterQuery(source=source, state=DeadLetterState.OPEN, limit=MAX_ROWS)
    # Imported here, because only a replay needs a broker.
    from orylo_common.broker.connect import open_broker

    async def work(target: Target) -> list[DeadLetterResult]:
        # Without a transaction around all of them: each replay commits before the next one publishes.
        async with (
            open_pool(target.database_url, role=OWN_ROLE, max_size=1) as pool,
            open_broker(target.broker_url, target.database_url) as broker,
            pool.acquire() as connection,
        ):
            chosen = ids or await ids_of_all(connection, query, tenant, cause)
            if dry_run:
                return [DeadLetterResult(each, state=DeadLetterState.OPEN) for each in chosen]
            return [await replay_one(connection, broker, each, actor=target.actor, now=CLOCK.now()) for each in chosen]

    with open_target(data_dir, "dlq replay") as target:
        results = asyncio.run(work(target))
    _report(results, as_json=as_json, dry_run=dry_run)


@app.command()
def discard(
    reason: Annotated[str, typer.Option(help="The reason, kept with the dead letter.")],
    ids: IdsArgument = None,
    every: Annotated[
        bool, typer.Option("--all", help="Discard all open dead letters that match --source, --tenant and --cause.")
    ] = False,
    source: SourceOption = None,
    tenant: TenantFilterOption = None,
    cause: CauseOption = None,
    expect: Annotated[
        int | None,
        typer.Option(min=0, help="With --all: their number, from a dry run. Else nothing changes."),
    ] = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Discard dead letters. This cannot be undone.

    Examples: `orylo dlq discard 01a1fb1d-bca7-73d3-bd18-7f15298f1086 --reason "test data"`,
    `orylo dlq discard --all --cause 190 --expect 214 --reason "dataset deleted"`
    """
    if bool(ids) == every:
        raise typer.BadParameter("give ids, or --all")
    if every and expect is None and not dry_run:
        raise typer.BadParameter("give --expect, the number that --dry-run prints")
    query = DeadLetterQuery(source=source, state=DeadLetterState.OPEN, limit=MAX_ROWS)
    with open_target(data_dir, "dlq discard") as target:

        async def work(connection: Connection) -> list[DeadLetterResult]:
            chosen = ids or await ids_of_all(connection, query, tenant, cause)
            if dry_run:
                return [DeadLetterResult(each, state=DeadLetterState.OPEN) for each in chosen]
            if every and len(chosen) != expect:
                raise InvalidChange(f"{len(chosen)} dead letters match, not {expect}; nothing was discarded")
            return [
                await discard_one(connection, each, reason=reason, actor=target.actor, now=CLOCK.now())
                for each in chosen
            ]

        results = target.run(work)
    _report(results, as_json=as_json, dry_run=dry_run)


def _report(results: list[DeadLetterResult], *, as_json: bool, dry_run: bool) -> None:
    if dry_run and not as_json:
        print_text(f"matching dead letters: {len(results)}")
    elif as_json:
        print_json([asdict(result) for result in results])
    else:
        for result in results:
            print_text(f"{result.id} {result.state or result.error}")
        if not results:
            print_note("no open dead letters")
    if any(result.error for result in results):
        raise typer.Exit(FAILED)


def _describe(found: DeadLetter, tenant: str | None) -> None:
    attempts = "1 attempt" if found.attempts == 1 else f"{found.attempts} attempts, the first"
    print_text(f"{found.source} failed after {attempts} at {found.first_failed_at:%F %TZ}")
    print_text(f"tenant: {tenant or 'unknown'}")
    print_text(f"reason: {found.reason}" + (f" (destination error code {found.code})" if found.code else ""))
    print_text(f"status: {found.state}" + (f", by {found.settled_by}" if found.settled_by else ""))
    for earlier in found.history:
        print_text(f"earlier: {earlier.first_failed_at:%F %TZ}, {earlier.state}: {earlier.reason}")
    print_text(f"type: {found.type or 'not a message'}")
    print_text(f"subject: {found.subject or 'unknown'}")
