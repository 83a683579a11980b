"""`orylo quarantine`: genuine webhooks that were set aside."""

import getpass
from dataclasses import asdict, dataclass
from typing import Annotated, Any
from uuid import UUID

import typer

from orylo_api.errors import Conflict, NotFound
from orylo_api.http.outbox import write_message
from orylo_api.quarantine import queries, settling
from orylo_api.quarantine.models import Quarantined, QuarantineKind, QuarantineState
from orylo_cli.binding import bind_to_tenant
from orylo_cli.commands.gateway_secret import check_gateway
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption
from orylo_cli.console import FAILED, note, say, say_json, show
from orylo_cli.target import open_target
from orylo_common.clock import SystemClock
from orylo_common.control.admin import Refused, find_tenant
from orylo_common.control.models import Tenant
from orylo_common.postgres.pool import Connection

MAX_SHOWN = 1000

SELECT_QUARANTINE = """
    SELECT q.id, t.slug AS tenant, q.kind, q.state, q.gateway, q.gateway_event_type, q.gateway_event_id, q.reason,
           q.created_at, q.replay_requested_at, q.replayed_at
    FROM api.quarantine_view q JOIN control.tenants t ON t.id = q.tenant_id
    WHERE ($1::uuid IS NULL OR q.tenant_id = $1) AND q.state = $2 AND ($3::text IS NULL OR q.kind = $3)
      AND ($4::text IS NULL OR q.gateway = $4)
    ORDER BY q.created_at DESC, q.id DESC LIMIT $5
"""
# One gateway event that was sent to several tenants has one id.
SELECT_OWNERS = """
    SELECT t.id, t.slug, t.name FROM api.quarantine_view q JOIN control.tenants t ON t.id = q.tenant_id
    WHERE q.id = $1 AND ($2::uuid IS NULL OR t.id = $2)
"""

TenantOption = Annotated[str | None, typer.Option(help="Only of this tenant; else of all.")]
GatewayOption = Annotated[str | None, typer.Option(help="Only of this gateway.")]
IdArgument = Annotated[UUID, typer.Argument(metavar="ID", help="As `orylo quarantine list` shows it.")]

CLOCK = SystemClock()


@dataclass(frozen=True)
class Outcome:
    id: UUID
    tenant: str | None = None
    requested: bool = False
    discarded: bool = False
    error: str | None = None


app = typer.Typer(no_args_is_help=True, help="Genuine webhooks that were not understood, or contradict earlier ones.")


@app.command("list")
def list_(
    tenant: Annotated[
        str | None, typer.Argument(metavar="[TENANT]", help="Only of this tenant, by slug or id; else of all.")
    ] = None,
    of_tenant: Annotated[str | None, typer.Option("--tenant", hidden=True)] = None,
    gateway: GatewayOption = None,
    kind: Annotated[QuarantineKind | None, typer.Option(help="Not understood, or contradicting.")] = None,
    state: Annotated[QuarantineState, typer.Option(help="Waiting, or what became of them.")] = QuarantineState.OPEN,
    limit: Annotated[int, typer.Option(min=1, max=MAX_SHOWN, help="The newest so many.")] = 50,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """List webhooks in quarantine, newest first.

    Example: `orylo quarantine list minha-loja --gateway stripe --json`
    """
    check_gateway(gateway, "--gateway")

    async def work(connection: Connection) -> list[dict[str, Any]]:
        return await _find(connection, tenant or of_tenant, gateway, kind, state, limit)

    with open_target(data_dir, "quarantine list") as target:
        rows = target.run(work)
    if not as_json:
        columns = ("id", "tenant", "kind", "gateway", "gateway_event_type", "reason", "created_at")
        rows = [{name: row[name] for name in columns} for row in rows]
    show(rows, as_json=as_json, empty=f"no webhook in quarantine is {state}")


@app.command("show")
def show_one(
    webhook: IdArgument,
    tenant: Annotated[str | None, typer.Option(help="Whose, where several tenants have it.")] = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Show one webhook in quarantine: why it is there, and its scrubbed payload.

    Example: `orylo quarantine show 6e1f0c0e-4a43-5b52-9c3e-0f5b8c1d2e3f`
    """

    async def work(connection: Connection) -> tuple[Tenant, Quarantined]:
        owner = await _owner(connection, webhook, tenant)
        await bind_to_tenant(connection, owner.id)
        return owner, await queries.find_quarantined(connection, webhook)

    with open_target(data_dir, "quarantine show") as target:
        owner, found = target.run(work)
    if as_json:
        say_json({"tenant": owner.slug, **found.model_dump(mode="json")})
        return
    say(f"{found.kind}: {found.gateway_event_type} of {found.gateway}, sent to {owner.slug}, {found.created_at:%F %TZ}")
    say(f"  {found.reason}")
    say(f"it is {found.state}" + (f", as {found.message_type}" if found.message_type else ""))
    if found.discarded_by:
        say(f"{found.discarded_by} gave it up: {found.discarded_reason}")
    if found.payload is None:
        note(f"its {found.payload_bytes} bytes are too many to be shown here; ingest.events has them")
    else:
        say_json(found.payload)


@app.command()
def replay(
    ids: Annotated[
        list[UUID] | None, typer.Argument(metavar="[ID]...", help="As `orylo quarantine list` shows them.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every open one that --tenant and --gateway leave.")] = False,
    tenant: TenantOption = None,
    gateway: GatewayOption = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Have webhooks read once more, after an adapter was mended; what was told already is not told again.

    Examples: `orylo quarantine replay 6e1f0c0e-4a43-5b52-9c3e-0f5b8c1d2e3f`, `orylo quarantine replay --all`
    """
    if bool(ids) == every:
        raise typer.BadParameter("give ids, or --all")
    check_gateway(gateway, "--gateway")

    async def work(connection: Connection) -> list[Outcome]:
        if ids:
            return [await _replay_one(connection, webhook, tenant) for webhook in ids]
        kind, state = QuarantineKind.QUARANTINED, QuarantineState.OPEN
        found = await _find(connection, tenant, gateway, kind, state, MAX_SHOWN)
        return [await _replay_one(connection, row["id"], row["tenant"]) for row in found]

    with open_target(data_dir, "quarantine replay") as target:
        outcomes = target.run(work)
    _report(outcomes, "will be read once more", as_json=as_json)


@app.command()
def discard(
    ids: Annotated[list[UUID], typer.Argument(metavar="ID...", help="As `orylo quarantine list` shows them.")],
    reason: Annotated[str, typer.Option(help="Why, for those who look later.")],
    tenant: Annotated[str | None, typer.Option(help="Whose, where several tenants have it.")] = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Give webhooks up: those that contradict an earlier one, and those that nobody will ever understand.

    Example: `orylo quarantine discard 6e1f0c0e-4a43-5b52-9c3e-0f5b8c1d2e3f --reason "sent by hand"`
    """

    async def work(connection: Connection) -> list[Outcome]:
        return [await _discard_one(connection, webhook, tenant, reason) for webhook in ids]

    with open_target(data_dir, "quarantine discard") as target:
        outcomes = target.run(work)
    _report(outcomes, "discarded", as_json=as_json)


def _report(outcomes: list[Outcome], done: str, *, as_json: bool) -> None:
    if as_json:
        say_json([asdict(outcome) for outcome in outcomes])
    else:
        for outcome in outcomes:
            say(f"{outcome.id} {outcome.error or done}")
        if not outcomes:
            note("no webhook in quarantine is open")
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(FAILED)


async def _find(
    connection: Connection,
    tenant: str | None,
    gateway: str | None,
    kind: QuarantineKind | None,
    state: QuarantineState,
    limit: int,
) -> list[dict[str, Any]]:
    tenant_id = (await find_tenant(connection, tenant)).id if tenant is not None else None
    return [dict(row) for row in await connection.fetch(SELECT_QUARANTINE, tenant_id, state, kind, gateway, limit)]


async def _owner(connection: Connection, webhook: UUID, tenant: str | None) -> Tenant:
    tenant_id = (await find_tenant(connection, tenant)).id if tenant is not None else None
    owners = await connection.fetch(SELECT_OWNERS, webhook, tenant_id)
    if not owners:
        raise Refused("there is no such webhook in quarantine")
    if len(owners) > 1:
        raise Refused(f"several tenants have it, give --tenant: {', '.join(row['slug'] for row in owners)}")
    return Tenant(owners[0]["id"], owners[0]["slug"], owners[0]["name"])


async def _replay_one(connection: Connection, webhook: UUID, tenant: str | None) -> Outcome:
    try:
        owner = await _owner(connection, webhook, tenant)
        async with connection.transaction():
            await bind_to_tenant(connection, owner.id)
            _, request = await settling.request_replay(connection, webhook, actor=_actor(), now=CLOCK.now())
            # It leaves with the next sweep of the API's outbox, in seconds while that runs.
            await write_message(connection, request)
            # The transaction within a transaction does not end what was set for the whole.
            await connection.execute("RESET role")
    except (NotFound, Conflict, Refused) as error:
        return Outcome(webhook, error=str(error))
    return Outcome(webhook, tenant=owner.slug, requested=True)


async def _discard_one(connection: Connection, webhook: UUID, tenant: str | None, reason: str) -> Outcome:
    try:
        owner = await _owner(connection, webhook, tenant)
        async with connection.transaction():
            await bind_to_tenant(connection, owner.id)
            await settling.discard(connection, webhook, actor=_actor(), reason=reason, now=CLOCK.now())
            await connection.execute("RESET role")
    except (NotFound, Conflict, Refused) as error:
        return Outcome(webhook, error=str(error))
    return Outcome(webhook, tenant=owner.slug, discarded=True)


def _actor() -> str:
    return f"{getpass.getuser()}, by orylo quarantine"
