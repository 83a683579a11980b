"""`orylo webhook`: the webhooks that were received, and their resend."""

from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

import typer

from orylo_cli.commands.gateway_secret import GatewayFilterOption, check_gateway
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantArgument
from orylo_cli.console import print_json, print_rows, print_text
from orylo_cli.operations.webhooks import ResendResult, list_stored, resend_stored, show_stored
from orylo_cli.target import OWN_ROLE, open_target
from orylo_common.clock import SystemClock
from orylo_common.control.plane import Part, open_control
from orylo_common.postgres.pool import Connection
from orylo_ingest.webhooks.listing import MAX_PAGE, WebhookFilter

State = Literal["published", "already_reported", "ignored", "quarantined", "conflict", "repeated"]

WebhookArgument = Annotated[UUID, typer.Argument(metavar="ID", help="The webhook's id, from `orylo webhook list`.")]

CLOCK = SystemClock()
COLUMNS = ("id", "created_at", "gateway", "gateway_event_type", "status", "payment_id", "deliveries", "reason")

app = typer.Typer(no_args_is_help=True, help="The webhooks that were received: their state, bodies and resend.")


@app.command("list")
def list_(
    tenant: TenantArgument,
    gateway: GatewayFilterOption = None,
    event_type: Annotated[
        str | None, typer.Option("--type", help="The gateway's own type, such as charge.succeeded.")
    ] = None,
    state: Annotated[
        State | None,
        typer.Option(
            help="`published`; `already_reported` by another webhook; `ignored`; `quarantined`: not understood; "
            "`conflict`: another body of a known event; `repeated`: delivered more than once."
        ),
    ] = None,
    payment: Annotated[str | None, typer.Option(help="The payment, such as stripe:pi_3QK9xY.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_PAGE, help="The maximum number of rows.")] = 50,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """List received webhooks of the last 90 days, newest first. Rejected ones are in `orylo rejections`.

    With a filter, the newest 5,000 webhooks are searched, and for a payment all of them.

    Example: `orylo webhook list minha-loja --gateway stripe --state ignored`
    """
    check_gateway(gateway, "--gateway")
    which = WebhookFilter(gateway=gateway, event_type=event_type, status=state, payment_id=payment, limit=limit)
    with open_target(data_dir, "webhook list") as target:
        rows = target.run(lambda connection: list_stored(connection, tenant, which))
    if not as_json:
        rows = [{name: row[name] for name in COLUMNS} for row in rows]
    print_rows(rows, as_json=as_json, empty="no webhooks")


@app.command()
def show(
    tenant: TenantArgument,
    webhook: WebhookArgument,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Show a webhook: its state, its deliveries and its scrubbed body, with personal values hashed.

    Example: `orylo webhook show minha-loja 6e1f0c0e-4a43-5b52-9c3e-0f5b8c1d2e3f`
    """
    with open_target(data_dir, "webhook show") as target:
        found = target.run(lambda connection: show_stored(connection, tenant, webhook))
    if as_json:
        print_json(found)
    else:
        _describe(found)


@app.command()
def resend(
    tenant: TenantArgument,
    webhook: WebhookArgument,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Process a webhook again with the present settings. Nothing is counted twice.

    A webhook that was ignored or quarantined may be published now. A sale that was published completes its payment with
    what the body says of the buyer; other facts are not repeated.

    Example: `orylo webhook resend minha-loja 6e1f0c0e-4a43-5b52-9c3e-0f5b8c1d2e3f`
    """
    with open_target(data_dir, "webhook resend") as target:
        keyring = target.keyring()

        async def work(connection: Connection) -> ResendResult:
            parts = frozenset({Part.GATEWAYS, Part.DOCUMENT_KEY})
            async with open_control(target.database_url, role=OWN_ROLE, keyring=keyring, parts=parts) as plane:
                return await resend_stored(
                    connection, tenant, webhook, plane=plane, actor=target.actor, now=CLOCK.now()
                )

        result = target.run(work)
    if as_json:
        print_json(asdict(result))
        return
    print_text(f"{result.id} {result.status}" + (f", as {result.message_type}" if result.message_type else ""))
    if result.reason:
        print_text(f"reason: {result.reason}")


def _describe(found: dict[str, Any]) -> None:
    print_text(f"{found['gateway']} {found['gateway_event_type']}, received {found['created_at']:%F %TZ}")
    print_text(f"status: {found['status']}" + (f", as {found['message_type']}" if found["message_type"] else ""))
    if found["payment_id"]:
        print_text(f"payment: {found['payment_id']}")
    if found["reason"]:
        print_text(f"reason: {found['reason']}")
    print_text(f"deliveries: {found['deliveries']}")
    for conflict in found["conflicts"]:
        print_text(f"conflict: {conflict['event_id']}, received {conflict['created_at']:%F %TZ}")
    print_json(found["payload"])
