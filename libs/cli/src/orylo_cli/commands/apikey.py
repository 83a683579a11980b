"""`orylo apikey`: what machines call the API with."""

from typing import Annotated
from uuid import UUID

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, ROLES, DataDirOption, JsonOption, TenantArgument
from orylo_cli.console import note, say, say_json, show
from orylo_cli.target import open_target
from orylo_common.control.admin import NewApiKey, create_api_key, find_tenant, revoke_api_key
from orylo_common.control.models import Role
from orylo_common.postgres.pool import Connection

SELECT_KEYS = """
    SELECT id, name, role, created_at, last_used_at, revoked_at FROM control.api_keys
    WHERE tenant_id = $1 ORDER BY created_at
"""

app = typer.Typer(no_args_is_help=True, help="What machines call the API with.")


@app.command()
def create(
    tenant: TenantArgument,
    role: Annotated[Role, typer.Option(help=f"What it may do. {ROLES}")],
    name: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Make an API key and print it, the only time it can be seen.

    Example: `KEY=$(orylo apikey create minha-loja --role viewer --name reports)`
    """

    async def work(connection: Connection) -> NewApiKey:
        found = await find_tenant(connection, tenant)
        return await create_api_key(connection, found.id, name=name, role=role)

    with open_target(data_dir, "apikey create") as target:
        new = target.run(work)
    if as_json:
        say_json({"id": new.id, "key": new.key, "name": name, "role": role})
        return
    say(new.key)
    note("it is shown only this once; send it as `Authorization: Bearer …`")


@app.command()
def revoke(
    tenant: TenantArgument,
    key: Annotated[UUID, typer.Argument(metavar="ID", help="The key's id, from `orylo apikey list`.")],
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Let a key open nothing any more, from the next call on.

    Example: `orylo apikey revoke minha-loja 0190f3c2-7c1b-7c6e-b1de-4f5a7f0f7e11`
    """

    async def work(connection: Connection) -> None:
        found = await find_tenant(connection, tenant)
        await revoke_api_key(connection, found.id, key)

    with open_target(data_dir, "apikey revoke") as target:
        target.run(work)
    say(f"API key {key} of {tenant} is revoked")


@app.command("list")
def list_keys(tenant: TenantArgument, as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """List a tenant's API keys, without what they are.

    Example: `orylo apikey list minha-loja`
    """

    async def work(connection: Connection) -> list[dict[str, object]]:
        found = await find_tenant(connection, tenant)
        return [dict(row) for row in await connection.fetch(SELECT_KEYS, found.id)]

    with open_target(data_dir, "apikey list") as target:
        rows = target.run(work)
    show(rows, as_json=as_json, empty="no API key yet: orylo apikey create TENANT --role viewer")
