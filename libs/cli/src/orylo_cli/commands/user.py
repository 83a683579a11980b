"""`orylo user`: the people who sign in to the dashboard."""

import secrets
import sys
from typing import Annotated
from uuid import UUID

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, ROLES, DataDirOption, JsonOption, TenantArgument
from orylo_cli.console import note, say, say_json, show
from orylo_cli.target import open_target
from orylo_common.control.admin import create_user, disable_user, find_tenant
from orylo_common.control.models import Role
from orylo_common.postgres.pool import Connection

SELECT_USERS = "SELECT id, email, role, created_at, disabled_at FROM control.users WHERE tenant_id = $1 ORDER BY email"

app = typer.Typer(no_args_is_help=True, help="The people who sign in to the dashboard.")


@app.command()
def create(
    tenant: TenantArgument,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="What they sign in with.")],
    role: Annotated[Role, typer.Option(help=f"What they may do. {ROLES}")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input; else one is made.")
    ] = False,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Let a person sign in to a tenant's dashboard.

    Example: `printf %s "$PASSWORD" | orylo user create minha-loja ana@example.com --role analyst --password-stdin`
    """
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else secrets.token_urlsafe(15)

    async def work(connection: Connection) -> UUID:
        found = await find_tenant(connection, tenant)
        return await create_user(connection, found.id, email, password=password, role=role)

    with open_target(data_dir, "user create") as target:
        user_id = target.run(work)
    made = {} if password_stdin else {"password": password}
    if as_json:
        say_json({"id": user_id, "email": email, "role": role, **made})
        return
    say(f"user {email} ({user_id}), {role}")
    if made:
        say(f"password: {password}")
        note("it is shown only this once")


@app.command()
def disable(
    tenant: TenantArgument,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="What they sign in with.")],
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Let a person sign in no more, and end their sessions at once.

    Example: `orylo user disable minha-loja ana@example.com`
    """

    async def work(connection: Connection) -> None:
        found = await find_tenant(connection, tenant)
        await disable_user(connection, found.id, email)

    with open_target(data_dir, "user disable") as target:
        target.run(work)
    say(f"user {email} of {tenant} is disabled")


@app.command("list")
def list_users(tenant: TenantArgument, as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """List a tenant's users.

    Example: `orylo user list minha-loja`
    """

    async def work(connection: Connection) -> list[dict[str, object]]:
        found = await find_tenant(connection, tenant)
        return [dict(row) for row in await connection.fetch(SELECT_USERS, found.id)]

    with open_target(data_dir, "user list") as target:
        rows = target.run(work)
    show(rows, as_json=as_json, empty="no user yet: orylo user create TENANT EMAIL --role owner")
