"""`orylo gateway secret`: what a gateway proves itself with. Several are active at once, so that one can be changed."""

from typing import Annotated, Any

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantArgument, stripped
from orylo_cli.console import note, say, show
from orylo_cli.target import open_target
from orylo_common.control.admin import Refused, check_master_key, find_tenant, put_gateway_secret, remove_gateway_secret
from orylo_common.postgres.pool import Connection
from orylo_ingest.gateways import GATEWAYS

SELECT_LABELS = """
    SELECT s.label FROM control.gateways g LEFT JOIN control.gateway_secrets s USING (tenant_id, gateway)
    WHERE g.tenant_id = $1 AND g.gateway = $2
"""
SELECT_KEPT = """
    SELECT label, created_at, last_used_at FROM control.gateway_secrets
    WHERE tenant_id = $1 AND gateway = $2 ORDER BY created_at DESC
"""

# Fewer are a slip of the hand, or guessed at.
MIN_SECRET_CHARACTERS = 6

GatewayArgument = Annotated[str, typer.Argument(metavar="GATEWAY", help=f"One of: {', '.join(sorted(GATEWAYS))}.")]

app = typer.Typer(no_args_is_help=True, help="What a gateway proves itself with: several are active at once.")


def check_gateway(gateway: str | None, named_by: str = "GATEWAY") -> None:
    if gateway is not None and gateway not in GATEWAYS:
        raise typer.BadParameter(f"{gateway!r} is none of {', '.join(sorted(GATEWAYS))}", param_hint=named_by)


def checked_secret(secret: str) -> str:
    bare = stripped(secret, "--secret")
    if len(bare) < MIN_SECRET_CHARACTERS:
        raise typer.BadParameter(
            f"a gateway's secret has at least {MIN_SECRET_CHARACTERS} characters", param_hint="--secret"
        )
    return bare


@app.command()
def add(
    tenant: TenantArgument,
    gateway: GatewayArgument,
    label: Annotated[str, typer.Option(help="Tells it from the others, such as the month it was made in.")],
    secret: Annotated[
        str,
        typer.Option(
            envvar="ORYLO_GATEWAY_SECRET",
            help="What the gateway signs with, or its token.",
            show_envvar=True,
            prompt=True,
            hide_input=True,
        ),
    ],
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Add a secret beside those that are active.

    To change one without losing a webhook: add the new one here, set it at the gateway, wait until
    `orylo gateway secret list` shows that it is used and the old one is not any more, and remove that.

    Example: `orylo gateway secret add minha-loja stripe --label 2026-03`
    """
    check_gateway(gateway)
    secret = checked_secret(secret)
    with open_target(data_dir, "gateway secret add") as target:
        keyring = target.keyring()

        async def work(connection: Connection) -> None:
            found = await find_tenant(connection, tenant)
            labels = [row["label"] for row in await connection.fetch(SELECT_LABELS, found.id, gateway)]
            if not labels:
                raise Refused(f"{gateway} is not set up for {found.slug} yet: orylo gateway set")
            if label in labels:
                raise Refused(f"{gateway} has a secret labelled {label!r}: choose another label, or remove it first")
            await check_master_key(connection, keyring)
            await put_gateway_secret(connection, keyring, found.id, gateway, label=label, secret=secret)

        target.run(work)
    say(f"{gateway} of {tenant} takes the secret {label!r} too")


@app.command("list")
def list_(
    tenant: TenantArgument,
    gateway: GatewayArgument,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """List the active secrets by label, with when each was last used, to the minute. Their values are never shown.

    Example: `orylo gateway secret list minha-loja stripe --json`
    """
    check_gateway(gateway)

    async def work(connection: Connection) -> list[dict[str, Any]]:
        found = await find_tenant(connection, tenant)
        return [dict(row) for row in await connection.fetch(SELECT_KEPT, found.id, gateway)]

    with open_target(data_dir, "gateway secret list") as target:
        rows = target.run(work)
    show(rows, as_json=as_json, empty=f"{gateway} has no secret: nobody can authenticate")


@app.command()
def remove(
    tenant: TenantArgument,
    gateway: GatewayArgument,
    label: Annotated[str, typer.Option(help="As `orylo gateway secret list` shows it.")],
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Take a secret away: what is signed with it is refused from the next moment on.

    Example: `orylo gateway secret remove minha-loja stripe --label 2026-02`
    """
    check_gateway(gateway)

    async def work(connection: Connection) -> int:
        found = await find_tenant(connection, tenant)
        await remove_gateway_secret(connection, found.id, gateway, label=label)
        return len(await connection.fetch(SELECT_KEPT, found.id, gateway))

    with open_target(data_dir, "gateway secret remove") as target:
        left = target.run(work)
    say(f"{gateway} of {tenant} no longer takes the secret {label!r}")
    if not left:
        note("that was the last one: nobody can authenticate until one is added")
