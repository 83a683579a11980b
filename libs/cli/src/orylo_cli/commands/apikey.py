"""`orylo apikey`: API keys, with which programs call the API."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, ROLES, DataDirOption, JsonOption, TenantArgument
from orylo_cli.console import print_json, print_note, print_rows, print_text
from orylo_cli.target import open_target
from orylo_common.control.api_keys import ApiKeySummary, NewApiKey, create_api_key, list_api_keys, revoke_api_key
from orylo_common.control.models import Role
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection

app = typer.Typer(no_args_is_help=True, help="API keys, with which programs call the API.")


@app.command()
def create(
    tenant: TenantArgument,
    role: Annotated[Role, typer.Option(help=f"The key's role. {ROLES}")],
    name: Annotated[str, typer.Option(help="A name that says what the key is for.")] = "command line",
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Create an API key and print it. It cannot be shown again.

    Example: `KEY=$(orylo apikey create minha-loja --role viewer --name reports)`
    """
    with open_target(data_dir, "apikey create") as target:

        async def work(connection: Connection) -> NewApiKey:
            found = await find_tenant(connection, tenant)
            return await create_api_key(connection, found.id, name=name, role=role, actor=target.actor)

        new = target.run(work)
    if as_json:
        print_json({"id": new.id, "key": new.key, "name": name, "role": role})
        return
    print_text(new.key)
    print_note("store the key now, it cannot be shown again; send it as `Authorization: Bearer …`")


@app.command()
def revoke(
    tenant: TenantArgument,
    key: Annotated[UUID, typer.Argument(metavar="ID", help="The key's id, from `orylo apikey list`.")],
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Revoke an API key. The next call with it is rejected.

    Example: `orylo apikey revoke minha-loja 0190f3c2-7c1b-7c6e-b1de-4f5a7f0f7e11`
    """
    with open_target(data_dir, "apikey revoke") as target:

        async def work(connection: Connection) -> None:
            found = await find_tenant(connection, tenant)
            await revoke_api_key(connection, found.id, key, actor=target.actor)

        target.run(work)
    print_text(f"revoked API key {key} of {tenant}")


@app.command("list")
def list_(tenant: TenantArgument, as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """List a tenant's API keys by id and name. The keys themselves are not stored.

    Example: `orylo apikey list minha-loja`
    """

    async def work(connection: Connection) -> list[ApiKeySummary]:
        found = await find_tenant(connection, tenant)
        return await list_api_keys(connection, found.id)

    with open_target(data_dir, "apikey list") as target:
        keys = target.run(work)
    print_rows(
        [asdict(key) for key in keys],
        as_json=as_json,
        empty="no API keys; create one: orylo apikey create TENANT --role viewer",
    )
