"""`orylo destination`: the ad platforms for conversions, and the payment provider that acts on blocked payments."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import ValidationError

from orylo_cli.commands.destination_checks import probe, send_test
from orylo_cli.commands.options import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    KeyLostOption,
    TenantArgument,
    not_on_command_line,
    secret_of,
    stripped,
)
from orylo_cli.console import print_json, print_note, print_rows, print_text
from orylo_cli.operations.destinations import DestinationLine, list_destinations, status_text
from orylo_cli.target import open_target
from orylo_common.control.destination_config import MetaConfig
from orylo_common.control.destinations import (
    add_destination,
    disable_destination,
)
from orylo_common.control.document_key_store import replace_lost_document_key
from orylo_common.control.master_key import check_master_key
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection
from orylo_common.stripe_keys import STRIPE_KEY

app = typer.Typer(no_args_is_help=True, help="Ad platforms for conversions, and Stripe to act on blocked payments.")

app.command("probe")(probe)
app.command("test")(send_test)

DEFAULT_NAME = "default"


@app.command("add")
def add_to(
    tenant: TenantArgument,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND", help="`meta`: Meta's Conversions API. `stripe`: cancels or refunds blocked payments."
        ),
    ],
    pixel_id: Annotated[
        str | None, typer.Option(help="The dataset (pixel) id from Meta's Events Manager. For `meta`.")
    ] = None,
    token_stdin: Annotated[
        bool,
        typer.Option(
            "--token-stdin",
            help="Read the access token, generated in Events Manager, from standard input. "
            "ORYLO_META_TOKEN may hold it too.",
        ),
    ] = False,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="ORYLO_META_TOKEN",
            callback=not_on_command_line,
            hidden=True,
            help="The access token, from the variable only.",
        ),
    ] = None,
    test_event_code: Annotated[
        str | None, typer.Option(help="For tests only: Meta shows the events under “Test events”, and counts them too.")
    ] = None,
    site_url: Annotated[str | None, typer.Option(help="The shop's URL, sent for sales whose page is unknown.")] = None,
    name: Annotated[str, typer.Option(help="A name to distinguish several destinations of one kind.")] = DEFAULT_NAME,
    key_lost: KeyLostOption = False,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Add a destination, or replace the one with the same name.

    While `orylo up --demo` runs, its fake Meta receives the conversions, and Meta receives none.

    Stripe does nothing until `orylo settings set TENANT actions on_block=…` says what.

    Example: `printf %s "$TOKEN" | orylo destination add minha-loja meta --pixel-id 1234567890 --token-stdin`

    Example: `printf %s "$KEY" | orylo destination add minha-loja stripe --token-stdin`
    """
    given = {"pixel_id": pixel_id, "test_event_code": test_event_code, "site_url": site_url}
    config = {key: value for key, value in given.items() if value}
    match kind:
        case "meta":
            _check_meta(config)
        case "stripe":
            _check_stripe(config, name, from_stdin=token_stdin)
        case _:
            raise typer.BadParameter(f"unknown destination {kind!r}: meta or stripe", param_hint="KIND")
    bare = stripped(secret_of(token, from_stdin=token_stdin) or "", "the token")
    if not bare:
        source = "generate one in Meta's Events Manager" if kind == "meta" else "create a restricted key at Stripe"
        raise typer.BadParameter(f"the token is missing: {source}", param_hint="--token-stdin")
    if kind == "stripe" and not STRIPE_KEY.fullmatch(bare):
        raise typer.BadParameter("a Stripe key begins with rk_live_, rk_test_, sk_live_ or sk_test_")
    with open_target(data_dir, "destination add") as target:
        keyring = target.keyring()

        async def work(connection: Connection) -> UUID:
            found = await find_tenant(connection, tenant)
            if key_lost:
                await replace_lost_document_key(connection, keyring, found.id, actor=target.actor)
            else:
                await check_master_key(connection, keyring)
            return await add_destination(
                connection, keyring, found.id, kind, name=name, config=config, secret=bare, actor=target.actor
            )

        destination_id = target.run(work)
    if as_json:
        print_json({"id": destination_id, "kind": kind, "name": name, "config": config})
    else:
        about = f"pixel {pixel_id}" if kind == "meta" else "one mode, live or test, as the key says"
        print_text(f"added destination {kind} {name} ({destination_id}) of {tenant}: {about}")
    if kind == "meta" and target.running and target.running.demo:
        # Imported here, because it imports the simulator.
        from orylo_cli.demo.shop import FAKE_META_ONLY

        print_note(f"the demo is running: {FAKE_META_ONLY}")


FAULTS = {
    "pixel_id": "a pixel id is a number",
    "test_event_code": "a test event code consists of letters and digits, as Events Manager shows it",
    "site_url": "a URL begins with https:// or http://",
}


def _check_meta(config: dict[str, str]) -> None:
    try:
        MetaConfig.model_validate(config)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise typer.BadParameter(FAULTS[name], param_hint=f"--{name.replace('_', '-')}") from None


def _check_stripe(config: dict[str, str], name: str, *, from_stdin: bool) -> None:
    if config or name != DEFAULT_NAME:
        raise typer.BadParameter("stripe takes nothing but a key: a tenant has one account", param_hint="KIND")
    if not from_stdin:
        raise typer.BadParameter("a Stripe key moves money: it is only read from standard input", param_hint="--token")


@app.command()
def disable(
    tenant: TenantArgument,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="The destination's kind: `meta` or `stripe`.")],
    name: Annotated[str, typer.Option(help="The destination's name.")] = DEFAULT_NAME,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Disable a destination. Due conversions wait, and expire after seven days. `destination add` enables it again.

    Example: `orylo destination disable minha-loja meta`
    """
    with open_target(data_dir, "destination disable") as target:

        async def work(connection: Connection) -> None:
            found = await find_tenant(connection, tenant)
            await disable_destination(connection, found.id, kind, name=name, actor=target.actor)

        target.run(work)
    print_text(f"disabled destination {kind} {name} of {tenant}")


@app.command("list")
def list_(tenant: TenantArgument, as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """List a tenant's destinations with their status, without their access tokens.

    A destination on hold refuses its token or its configuration: its status says what to do, and its conversions wait.

    Example: `orylo destination list minha-loja`
    """

    async def work(connection: Connection) -> list[DestinationLine]:
        found = await find_tenant(connection, tenant)
        return await list_destinations(connection, found.id)

    with open_target(data_dir, "destination list") as target:
        destinations = target.run(work)
    print_rows(
        [asdict(each) if as_json else _row(each, tenant) for each in destinations],
        as_json=as_json,
        empty="no destinations; add one: orylo destination add TENANT meta --pixel-id … --token-stdin",
    )


def _row(line: DestinationLine, tenant: str) -> dict[str, Any]:
    shown = {name: getattr(line, name) for name in ("id", "kind", "name", "config", "created_at")}
    return shown | {"token_expires_at": line.token_expires_at, "status": status_text(line, tenant)}
