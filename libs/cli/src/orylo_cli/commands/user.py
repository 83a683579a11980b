"""`orylo user`: the people who sign in to the dashboard."""

import secrets
import sys
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, ROLES, DataDirOption, JsonOption, TenantArgument
from orylo_cli.console import print_json, print_note, print_rows, print_text
from orylo_cli.target import open_target
from orylo_common.control.models import Role
from orylo_common.control.tenants import find_tenant
from orylo_common.control.users import UserSummary, create_user, disable_second_factor, disable_user, list_users
from orylo_common.postgres.pool import Connection

app = typer.Typer(no_args_is_help=True, help="The people who sign in to the dashboard.")


@app.command()
def create(
    tenant: TenantArgument,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The email address that the user signs in with.")],
    role: Annotated[Role, typer.Option(help=f"The user's role. {ROLES}")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input instead of generating one.")
    ] = False,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Create a user of a tenant's dashboard.

    Example: `printf %s "$PASSWORD" | orylo user create minha-loja ana@example.com --role analyst --password-stdin`
    """
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else secrets.token_urlsafe(15)
    with open_target(data_dir, "user create") as target:

        async def work(connection: Connection) -> UUID:
            found = await find_tenant(connection, tenant)
            return await create_user(connection, found.id, email, password=password, role=role, actor=target.actor)

        user_id = target.run(work)
    generated = {} if password_stdin else {"password": password}
    if as_json:
        print_json({"id": user_id, "email": email, "role": role, **generated})
        return
    print_text(f"created user {email} ({user_id}), {role}")
    if generated:
        print_text(f"password: {password}")
        print_note("store the password now, it cannot be shown again")


@app.command()
def disable(
    tenant: TenantArgument,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The user's email address.")],
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Disable a user. Their sessions end at once.

    Example: `orylo user disable minha-loja ana@example.com`
    """
    with open_target(data_dir, "user disable") as target:

        async def work(connection: Connection) -> None:
            found = await find_tenant(connection, tenant)
            await disable_user(connection, found.id, email, actor=target.actor)

        target.run(work)
    print_text(f"disabled user {email} of {tenant}")


@app.command("disable-second-factor")
def disable_second_factor_of(
    tenant: TenantArgument,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The user's email address.")],
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Let a user who lost the second factor and the recovery codes sign in with the password alone.

    The user can switch a new one on in the dashboard.

    Example: `orylo user disable-second-factor minha-loja ana@example.com`
    """
    with open_target(data_dir, "user disable-second-factor") as target:

        async def work(connection: Connection) -> None:
            found = await find_tenant(connection, tenant)
            await disable_second_factor(connection, found.id, email, actor=target.actor)

        target.run(work)
    print_text(f"disabled the second factor of {email} of {tenant}")


@app.command("list")
def list_(tenant: TenantArgument, as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """List a tenant's users.

    Example: `orylo user list minha-loja`
    """

    async def work(connection: Connection) -> list[UserSummary]:
        found = await find_tenant(connection, tenant)
        return await list_users(connection, found.id)

    with open_target(data_dir, "user list") as target:
        users = target.run(work)
    print_rows(
        [asdict(user) for user in users],
        as_json=as_json,
        empty="no users; create one: orylo user create TENANT EMAIL --role owner",
    )
