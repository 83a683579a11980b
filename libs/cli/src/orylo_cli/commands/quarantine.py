"""`orylo quarantine`: authenticated webhooks that an adapter could not read, or that contradict earlier ones."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from orylo_api.quarantine.models import Quarantined, QuarantineKind, QuarantineState
from orylo_cli.commands.gateway_secret import GatewayFilterOption, check_gateway
from orylo_cli.commands.options import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    TenantFilterArgument,
    TenantFilterOption,
)
from orylo_cli.console import FAILED, print_json, print_note, print_rows, print_text
from orylo_cli.operations.quarantine import (
    ListedQuarantine,
    QuarantineResult,
    discard_one,
    list_quarantined,
    replay_one,
    show_quarantined,
)
from orylo_cli.target import open_target
from orylo_common.clock import SystemClock
from orylo_common.postgres.pool import Connection

MAX_ROWS = 1000

IdArgument = Annotated[UUID, typer.Argument(metavar="ID", help="The webhook's id, from `orylo quarantine list`.")]
OwnerOption = Annotated[
    str | None, typer.Option("--tenant", help="The tenant's slug or id, needed if several tenants have the webhook.")
]

CLOCK = SystemClock()

app = typer.Typer(
    no_args_is_help=True, help="Authenticated webhooks that could not be read, or that contradict earlier ones."
)


@app.command("list")
def list_(
    tenant: TenantFilterArgument = None,
    tenant_option: Annotated[str | None, typer.Option("--tenant", hidden=True)] = None,
    gateway: GatewayFilterOption = None,
    kind: Annotated[
        QuarantineKind | None, typer.Option(help="`quarantined`: not readable; `conflict`: contradicts an earlier one.")
    ] = None,
    state: Annotated[
        QuarantineState, typer.Option(help="Open ones, or settled ones by how they were settled.")
    ] = QuarantineState.OPEN,
    limit: Annotated[int, typer.Option(min=1, max=MAX_ROWS, help="The maximum number of rows.")] = 50,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """List quarantined webhooks, newest first.

    Example: `orylo quarantine list minha-loja --gateway stripe --json`
    """
    check_gateway(gateway, "--gateway")
    which = ListedQuarantine(tenant or tenant_option, gateway, kind, state)
    with open_target(data_dir, "quarantine list") as target:
        rows = target.run(lambda connection: list_quarantined(connection, which, limit))
    if not as_json:
        columns = ("id", "tenant", "kind", "gateway", "gateway_event_type", "reason", "created_at")
        rows = [{name: row[name] for name in columns} for row in rows]
    print_rows(rows, as_json=as_json, empty=f"no {state} webhooks in quarantine")


@app.command()
def show(
    webhook: IdArgument,
    tenant: OwnerOption = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Show a quarantined webhook: the reason and its scrubbed payload.

    Example: `orylo quarantine show 6e1f0c0e-4a43-5b52-9c3e-0f5b8c1d2e3f`
    """
    with open_target(data_dir, "quarantine show") as target:
        owner, found = target.run(lambda connection: show_quarantined(connection, webhook, tenant))
    if as_json:
        print_json({"tenant": owner.slug, **found.model_dump(mode="json")})
    else:
        _describe(found, owner.slug)


@app.command()
def replay(
    ids: Annotated[
        list[UUID] | None, typer.Argument(metavar="[ID]...", help="Ids of webhooks, from `orylo quarantine list`.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Replay all open webhooks that match --tenant and --gateway.")
    ] = False,
    tenant: TenantFilterOption = None,
    gateway: GatewayFilterOption = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Replay webhooks through their adapter, after it was fixed. Events that were already reported are not repeated.

    Examples: `orylo quarantine replay 6e1f0c0e-4a43-5b52-9c3e-0f5b8c1d2e3f`, `orylo quarantine replay --all`
    """
    if bool(ids) == every:
        raise typer.BadParameter("give ids, or --all")
    check_gateway(gateway, "--gateway")
    with open_target(data_dir, "quarantine replay") as target:

        async def work(connection: Connection) -> list[QuarantineResult]:
            chosen: list[tuple[UUID, str | None]] = [(webhook, tenant) for webhook in ids or ()]
            if not chosen:
                which = ListedQuarantine(tenant, gateway, QuarantineKind.QUARANTINED)
                chosen = [(row["id"], row["tenant"]) for row in await list_quarantined(connection, which, MAX_ROWS)]
            return [
                await replay_one(connection, webhook, owner, actor=target.actor, now=CLOCK.now())
                for webhook, owner in chosen
            ]

        results = target.run(work)
    _report(results, "replay requested", as_json=as_json)


@app.command()
def discard(
    ids: Annotated[list[UUID], typer.Argument(metavar="ID...", help="Ids of webhooks, from `orylo quarantine list`.")],
    reason: Annotated[str, typer.Option(help="The reason, kept with the webhook.")],
    tenant: OwnerOption = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Discard webhooks that contradict an earlier one, or that no adapter will read. This cannot be undone.

    Example: `orylo quarantine discard 6e1f0c0e-4a43-5b52-9c3e-0f5b8c1d2e3f --reason "sent by hand"`
    """
    with open_target(data_dir, "quarantine discard") as target:

        async def work(connection: Connection) -> list[QuarantineResult]:
            return [
                await discard_one(connection, webhook, tenant, reason=reason, actor=target.actor, now=CLOCK.now())
                for webhook in ids
            ]

        results = target.run(work)
    _report(results, "discarded", as_json=as_json)


def _report(results: list[QuarantineResult], done: str, *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(result) for result in results])
    else:
        for result in results:
            print_text(f"{result.id} {result.error or done}")
        if not results:
            print_note("no open webhooks in quarantine")
    if any(result.error for result in results):
        raise typer.Exit(FAILED)


def _describe(found: Quarantined, tenant: str) -> None:
    print_text(f"{found.kind}: {found.gateway} {found.gateway_event_type}, received {found.created_at:%F %TZ}")
    print_text(f"tenant: {tenant}")
    print_text(f"reason: {found.reason}")
    print_text(f"status: {found.state}" + (f", as {found.message_type}" if found.message_type else ""))
    if found.discarded_by:
        print_text(f"discarded by {found.discarded_by}: {found.discarded_reason}")
    if found.payload is None:
        print_note(f"the payload ({found.payload_bytes} bytes) is too large to show; read it from ingest.events")
    else:
        print_json(found.payload)
