"""`orylo destination probe` and `test`: ask a destination whether it accepts the token, and a test event."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantArgument
from orylo_cli.console import FAILED, exit_with_error, print_json, print_text
from orylo_cli.operations.destinations import list_destinations
from orylo_cli.target import open_target
from orylo_common.control.audit import write_audit_line
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection

if TYPE_CHECKING:
    from orylo_cli.operations.destination_checks import Check

KindArgument = Annotated[str, typer.Argument(metavar="KIND", help="The destination's kind: `meta` or `stripe`.")]
NameOption = Annotated[str, typer.Option(help="The destination's name.")]


def probe(
    tenant: TenantArgument,
    kind: KindArgument,
    name: NameOption = "default",
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Check the token and the configuration now, without sending anything. Exit with 1 if they are not accepted.

    If the destination was on hold and accepts them, what waits is sent at once. The platform must be running.

    Example: `orylo destination probe minha-loja meta`
    """
    _check(tenant, kind, name, "probe", as_json=as_json, data_dir=data_dir)


def send_test(
    tenant: TenantArgument,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="The destination's kind: `meta`.")],
    test_event_code: Annotated[
        str | None, typer.Option(help="From “Test events” in Events Manager, if the destination has none of its own.")
    ] = None,
    name: NameOption = "default",
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Send a test event: a sale of 0.01 USD, which Meta shows under “Test events”, and counts. Exit with 1 if refused.

    The platform must be running.

    Example: `orylo destination test minha-loja meta --test-event-code TEST12345`
    """
    _check(tenant, kind, name, "test", code=test_event_code, as_json=as_json, data_dir=data_dir)


def _check(
    tenant: str, kind: str, name: str, what: "Check", *, code: str | None = None, as_json: bool, data_dir: Path
) -> None:
    # Imported here, because it imports an HTTP client, which takes the other commands too long.
    from orylo_cli.operations.destination_checks import ask_dispatch

    with open_target(data_dir, f"destination {what}") as target:

        async def find(connection: Connection) -> tuple[UUID, UUID]:
            found = await find_tenant(connection, tenant)
            lines = {(line.kind, line.name): line.id for line in await list_destinations(connection, found.id)}
            if (kind, name) not in lines:
                exit_with_error(f"{tenant} has no destination {kind} {name!r}: orylo destination list {tenant}")
            await write_audit_line(
                connection, found.id, target.actor, action=f"destination.{what}", subject=f"destination {kind} {name}"
            )
            return found.id, lines[kind, name]

        tenant_id, destination_id = target.run(find)
        answer = asyncio.run(ask_dispatch(target, what, tenant_id, destination_id, code=code))
    accepted = answer["outcome"] == "dispatched"
    if as_json:
        print_json(answer | {"accepted": accepted})
    elif accepted:
        event = f": event {answer['event_id']}" if "event_id" in answer else ""
        print_text(f"{kind} accepted it in {answer['duration_ms']} ms{event}")
    else:
        print_text(f"{kind} did not accept it ({answer['code'] or answer['outcome']}): {answer['reason']}")
    if not accepted:
        raise typer.Exit(FAILED)
