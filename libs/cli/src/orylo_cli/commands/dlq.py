"""`orylo dlq`: what was set aside for a person."""

import asyncio
import getpass
from dataclasses import asdict, dataclass
from typing import Annotated
from uuid import UUID

import typer

from orylo_api.dead_letters import queries, settling
from orylo_api.dead_letters.models import DeadLetter, DeadLetterQuery, DeadLetterState, DeadLetterSummary
from orylo_api.errors import Conflict, NotFound
from orylo_cli.binding import bind_to_tenant
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption
from orylo_cli.commands.serve import Service
from orylo_cli.console import FAILED, note, say, say_json, show
from orylo_cli.target import OWN_ROLE, Target, open_target
from orylo_common.broker.connect import open_broker
from orylo_common.broker.ports import Broker
from orylo_common.clock import SystemClock
from orylo_common.control.admin import Refused, find_tenant
from orylo_common.errors import TransientError
from orylo_common.postgres.pool import Connection, open_pool

MAX_SHOWN = 200

SELECT_TENANTS = """
    SELECT d.id, t.slug FROM api.dead_letters d JOIN control.tenants t ON t.id = d.tenant_id WHERE d.id = ANY($1)
"""

SourceOption = Annotated[
    Service | None, typer.Option(metavar="SERVICE", help=f"Only of this service: {', '.join(Service)}.")
]
TenantOption = Annotated[str | None, typer.Option(help="Only of this tenant; else of all.")]
IdArgument = Annotated[UUID, typer.Argument(metavar="ID", help="As `orylo dlq list` shows it.")]
IdsArgument = Annotated[list[UUID] | None, typer.Argument(metavar="[ID]...", help="As `orylo dlq list` shows them.")]

CLOCK = SystemClock()


@dataclass(frozen=True)
class Outcome:
    id: UUID
    state: str | None = None
    error: str | None = None


app = typer.Typer(no_args_is_help=True, help="What was set aside for a person: dead letters.")


@app.command("list")
def list_(
    source: SourceOption = None,
    tenant: TenantOption = None,
    state: Annotated[DeadLetterState, typer.Option(help="Waiting for somebody, or what became of them.")] = (
        DeadLetterState.OPEN
    ),
    limit: Annotated[int, typer.Option(min=1, max=MAX_SHOWN, help="The newest so many.")] = 50,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """List dead letters, newest first.

    Example: `orylo dlq list --source dispatch --json`
    """
    query = DeadLetterQuery(source=source, state=state, limit=limit)
    with open_target(data_dir, "dlq list") as target:
        found, _ = target.run(lambda connection: _find(connection, query, tenant))
        tenants = target.run(lambda connection: _tenants(connection, [each.id for each in found]))
    form = "json" if as_json else "python"
    rows = [
        {"id": each.id, "tenant": tenants.get(each.id), **each.model_dump(mode=form, exclude={"id"})} for each in found
    ]
    if not as_json:
        columns = ("id", "tenant", "source", "type", "subject", "reason", "code", "attempts", "first_failed_at")
        rows = [{name: row[name] for name in columns} for row in rows]
    show(rows, as_json=as_json, empty=f"no dead letter is {state}")


@app.command("show")
def show_one(dead_letter: IdArgument, as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """Show one dead letter: why it died, what it holds, when it died before.

    Example: `orylo dlq show 01a1fb1d-bca7-73d3-bd18-7f15298f1086`
    """
    with open_target(data_dir, "dlq show") as target:
        found = target.run(lambda connection: queries.find_dead_letter(connection, dead_letter))
        tenants = target.run(lambda connection: _tenants(connection, [dead_letter]))
    if found is None:
        raise Refused("there is no such dead letter")
    tenant = tenants.get(dead_letter)
    if not as_json:
        _describe(found, tenant)
    say_json({"tenant": tenant, **found.model_dump(mode="json")} if as_json else found.payload)


@app.command()
def replay(
    ids: IdsArgument = None,
    every: Annotated[bool, typer.Option("--all", help="Every open one that --source and --tenant leave.")] = False,
    source: SourceOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Put dead letters back to work, each once; an effect that it had already is not repeated.

    Examples: `orylo dlq replay 01a1fb1d-bca7-73d3-bd18-7f15298f1086`, `orylo dlq replay --all --source dispatch`
    """
    if bool(ids) == every:
        raise typer.BadParameter("give ids, or --all")
    query = DeadLetterQuery(source=source, state=DeadLetterState.OPEN, limit=MAX_SHOWN)

    async def work(target: Target) -> list[Outcome]:
        async with (
            open_pool(target.database_url, role=OWN_ROLE, max_size=1) as pool,
            open_broker(target.broker_url, target.database_url) as broker,
            pool.acquire() as connection,
        ):
            chosen = ids or [each.id for each in await _find_all(connection, query, tenant)]
            return [await _replay_one(connection, broker, dead_letter) for dead_letter in chosen]

    with open_target(data_dir, "dlq replay") as target:
        outcomes = asyncio.run(work(target))
    _report(outcomes, as_json=as_json)


@app.command()
def discard(
    ids: Annotated[list[UUID], typer.Argument(metavar="ID...", help="As `orylo dlq list` shows them.")],
    reason: Annotated[str, typer.Option(help="Why, for those who look later.")],
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Give dead letters up.

    Example: `orylo dlq discard 01a1fb1d-bca7-73d3-bd18-7f15298f1086 --reason "test data"`
    """

    async def work(connection: Connection) -> list[Outcome]:
        return [await _discard_one(connection, dead_letter, reason) for dead_letter in ids]

    with open_target(data_dir, "dlq discard") as target:
        outcomes = target.run(work)
    _report(outcomes, as_json=as_json)


async def _find(
    connection: Connection, query: DeadLetterQuery, tenant: str | None
) -> tuple[list[DeadLetterSummary], str | None]:
    async with connection.transaction():
        if tenant is not None:
            found = await find_tenant(connection, tenant)
            await bind_to_tenant(connection, found.id)
        return await queries.list_dead_letters(connection, query)


async def _tenants(connection: Connection, ids: list[UUID]) -> dict[UUID, str]:
    return {row["id"]: row["slug"] for row in await connection.fetch(SELECT_TENANTS, ids)}


async def _find_all(connection: Connection, query: DeadLetterQuery, tenant: str | None) -> list[DeadLetterSummary]:
    found, cursor = await _find(connection, query, tenant)
    while cursor:
        more, cursor = await _find(connection, query.model_copy(update={"cursor": cursor}), tenant)
        found += more
    return found


async def _replay_one(connection: Connection, broker: Broker, dead_letter: UUID) -> Outcome:
    try:
        async with connection.transaction():
            settled = await settling.replay(connection, broker, dead_letter, actor=_actor(), now=CLOCK.now())
    except (NotFound, Conflict, TransientError) as error:
        return Outcome(dead_letter, error=str(error))
    return Outcome(dead_letter, state=settled.state)


async def _discard_one(connection: Connection, dead_letter: UUID, reason: str) -> Outcome:
    try:
        async with connection.transaction():
            settled = await settling.discard(connection, dead_letter, actor=_actor(), reason=reason, now=CLOCK.now())
    except (NotFound, Conflict) as error:
        return Outcome(dead_letter, error=str(error))
    return Outcome(dead_letter, state=settled.state)


def _report(outcomes: list[Outcome], *, as_json: bool) -> None:
    if as_json:
        say_json([asdict(outcome) for outcome in outcomes])
    else:
        for outcome in outcomes:
            say(f"{outcome.id} {outcome.state or outcome.error}")
        if not outcomes:
            note("no dead letter is open")
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(FAILED)


def _describe(found: DeadLetter, tenant: str | None) -> None:
    attempts = "1 attempt" if found.attempts == 1 else f"{found.attempts} attempts, first"
    say(f"{found.source} gave up for {tenant or 'nobody'} after {attempts} at {found.first_failed_at:%F %TZ}:")
    say(f"  {found.reason}" + (f" (the destination's code {found.code})" if found.code else ""))
    say(f"it is {found.state}" + (f", by {found.settled_by}" if found.settled_by else ""))
    for earlier in found.history:
        say(f"another time, {earlier.first_failed_at:%Y-%m-%d %H:%M:%SZ}, {earlier.state}: {earlier.reason}")
    say(f"{found.type or 'not a message'}, about {found.subject or 'nothing known'}:")


def _actor() -> str:
    return f"{getpass.getuser()}, by orylo dlq"
