"""`orylo destination`: where conversions are sent."""

from typing import Annotated
from uuid import UUID

import typer

from orylo_cli.commands.options import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    KeyLostOption,
    TenantArgument,
    stripped,
)
from orylo_cli.console import note, say, say_json, show
from orylo_cli.demo.shop import STAND_IN_ONLY
from orylo_cli.target import open_target
from orylo_common.control.admin import add_destination, check_master_key, disable_destination, find_tenant
from orylo_common.postgres.pool import Connection

SELECT_DESTINATIONS = """
    SELECT id, kind, name, enabled, config, created_at FROM control.destinations
    WHERE tenant_id = $1 ORDER BY kind, name
"""

app = typer.Typer(no_args_is_help=True, help="Where conversions are sent.")


@app.command("add")
def add_to(
    tenant: TenantArgument,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="`meta`: Meta's Conversions API.")],
    pixel_id: Annotated[str, typer.Option(help="The dataset (pixel) id in Meta's Events Manager.")],
    token: Annotated[str, typer.Option(help="The access token made there.", envvar="ORYLO_META_TOKEN")],
    test_event_code: Annotated[
        str | None, typer.Option(help="Shows the events under “Test events” in place of counting them.")
    ] = None,
    site_url: Annotated[
        str | None, typer.Option(help="The shop's address, for sales of which the page is not known.")
    ] = None,
    name: Annotated[str, typer.Option(help="Tells several of a kind apart.")] = "default",
    key_lost: KeyLostOption = False,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Send a tenant's conversions to Meta; the same name again replaces what it was.

    While `orylo up --demo` runs they go to its stand-in, and never to Meta.

    Example: `orylo destination add minha-loja meta --pixel-id 1234567890 --token EAAB…`
    """
    if kind != "meta":
        raise typer.BadParameter(f"no destination {kind!r}: meta is the one there is", param_hint="KIND")
    if not (pixel_id.isascii() and pixel_id.isdigit()):
        raise typer.BadParameter("a pixel id is a number", param_hint="--pixel-id")
    token = stripped(token, "--token")
    if not token:
        raise typer.BadParameter("it is blank: Meta's Events Manager makes one", param_hint="--token")
    given = {"pixel_id": pixel_id, "test_event_code": test_event_code, "site_url": site_url}
    config = {key: value for key, value in given.items() if value}
    with open_target(data_dir, "destination add") as target:
        keyring = target.keyring()

        async def work(connection: Connection) -> UUID:
            found = await find_tenant(connection, tenant)
            if not key_lost:
                await check_master_key(connection, keyring)
            return await add_destination(connection, keyring, found.id, kind, name=name, config=config, secret=token)

        destination_id = target.run(work)
    if as_json:
        say_json({"id": destination_id, "kind": kind, "name": name, "config": config})
    else:
        say(f"destination {kind} {name} ({destination_id}) of {tenant}: pixel {pixel_id}")
    if target.running and target.running.demo:
        note(f"a demo runs here: {STAND_IN_ONLY}")


@app.command()
def disable(
    tenant: TenantArgument,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Such as `meta`.")],
    name: Annotated[str, typer.Option(help="Which of several of a kind.")] = "default",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Send nothing there until it is added again; what is due waits until it is too old.

    Example: `orylo destination disable minha-loja meta`
    """

    async def work(connection: Connection) -> None:
        found = await find_tenant(connection, tenant)
        await disable_destination(connection, found.id, kind, name=name)

    with open_target(data_dir, "destination disable") as target:
        target.run(work)
    say(f"destination {kind} {name} of {tenant} is switched off")


@app.command("list")
def list_destinations(
    tenant: TenantArgument, as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR
) -> None:
    """List a tenant's destinations, without their tokens.

    Example: `orylo destination list minha-loja`
    """

    async def work(connection: Connection) -> list[dict[str, object]]:
        found = await find_tenant(connection, tenant)
        return [dict(row) for row in await connection.fetch(SELECT_DESTINATIONS, found.id)]

    with open_target(data_dir, "destination list") as target:
        rows = target.run(work)
    show(rows, as_json=as_json, empty="no destination yet: orylo destination add TENANT meta --pixel-id … --token …")
