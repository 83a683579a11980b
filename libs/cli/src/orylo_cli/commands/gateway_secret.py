"""`orylo gateway secret`: rotate the secrets that authenticate a gateway. Several can be active."""

from dataclasses import asdict
from typing import Annotated

import typer

from orylo_cli.commands.options import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    SecretOption,
    SecretStdinOption,
    TenantArgument,
    secret_of,
    stripped,
)
from orylo_cli.console import print_note, print_rows, print_text
from orylo_cli.target import open_target
from orylo_common.control.errors import InvalidChange
from orylo_common.control.gateway_secrets import (
    MIN_SECRET_CHARACTERS,
    GatewaySecretSummary,
    list_gateway_secrets,
    put_gateway_secret,
    remove_gateway_secret,
)
from orylo_common.control.gateways import find_gateway
from orylo_common.control.master_key import check_master_key
from orylo_common.control.models import GATEWAY_NAMES
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection

GatewayArgument = Annotated[str, typer.Argument(metavar="GATEWAY", help=f"One of {', '.join(GATEWAY_NAMES)}.")]
GatewayFilterOption = Annotated[str | None, typer.Option("--gateway", help="A gateway's name. Default: all gateways.")]

app = typer.Typer(no_args_is_help=True, help="The secrets that authenticate a gateway. Several can be active.")


def check_gateway(gateway: str | None, named_by: str = "GATEWAY") -> None:
    if gateway is not None and gateway not in GATEWAY_NAMES:
        known = ", ".join(GATEWAY_NAMES)
        raise typer.BadParameter(f"{gateway!r} is not a gateway: use one of {known}", param_hint=named_by)


def checked_secret(secret: str) -> str:
    bare = stripped(secret, "the secret")
    if len(bare) < MIN_SECRET_CHARACTERS:
        raise typer.BadParameter(
            f"a gateway secret must have at least {MIN_SECRET_CHARACTERS} characters", param_hint="--secret-stdin"
        )
    return bare


@app.command()
def add(
    tenant: TenantArgument,
    gateway: GatewayArgument,
    label: Annotated[str, typer.Option(help="A name for the secret, such as the month it was created in.")],
    secret_stdin: SecretStdinOption = False,
    secret: SecretOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Add a secret, asked for unless it is given. The existing secrets stay active.

    To rotate a secret without losing a webhook: add the new one here and set it at the gateway. When
    `orylo gateway secret list` shows that only the new one is in use, remove the old one.

    Example: `orylo gateway secret add minha-loja stripe --label 2026-03`
    """
    check_gateway(gateway)
    given = secret_of(secret, from_stdin=secret_stdin)
    checked = checked_secret(typer.prompt("Secret", hide_input=True) if given is None else given)
    with open_target(data_dir, "gateway secret add") as target:
        keyring = target.keyring()

        async def work(connection: Connection) -> None:
            found = await find_tenant(connection, tenant)
            if await find_gateway(connection, found.id, gateway) is None:
                raise InvalidChange(f"{gateway} is not set up for {found.slug}: run orylo gateway set first")
            if label in {each.label for each in await list_gateway_secrets(connection, found.id, gateway)}:
                raise InvalidChange(
                    f"{gateway} already has a secret with the label {label!r}: choose another label, or remove it first"
                )
            await check_master_key(connection, keyring)
            await put_gateway_secret(
                connection, keyring, found.id, gateway, label=label, secret=checked, actor=target.actor
            )

        target.run(work)
    print_text(f"added the secret {label!r} to {gateway} of {tenant}")


@app.command("list")
def list_(
    tenant: TenantArgument,
    gateway: GatewayArgument,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """List a gateway's active secrets by label, with the minute of their last use. Their values are never shown.

    Example: `orylo gateway secret list minha-loja stripe --json`
    """
    check_gateway(gateway)

    async def work(connection: Connection) -> list[GatewaySecretSummary]:
        found = await find_tenant(connection, tenant)
        return await list_gateway_secrets(connection, found.id, gateway)

    with open_target(data_dir, "gateway secret list") as target:
        secrets = target.run(work)
    print_rows(
        [asdict(secret) for secret in secrets],
        as_json=as_json,
        empty=f"{gateway} has no secret, so all of its webhooks are rejected",
    )


@app.command()
def remove(
    tenant: TenantArgument,
    gateway: GatewayArgument,
    label: Annotated[str, typer.Option(help="The secret's label, from `orylo gateway secret list`.")],
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Remove a secret. Webhooks that are signed with it are rejected from now on.

    Example: `orylo gateway secret remove minha-loja stripe --label 2026-02`
    """
    check_gateway(gateway)
    with open_target(data_dir, "gateway secret remove") as target:

        async def work(connection: Connection) -> int:
            found = await find_tenant(connection, tenant)
            await remove_gateway_secret(connection, found.id, gateway, label=label, actor=target.actor)
            return len(await list_gateway_secrets(connection, found.id, gateway))

        left = target.run(work)
    print_text(f"removed the secret {label!r} from {gateway} of {tenant}")
    if not left:
        print_note("that was the last secret: all webhooks are rejected until you add one")
