"""`orylo gateway`: which gateways a tenant has switched on, and how they authenticate."""

from typing import Annotated, Any, get_args

import typer

from orylo_cli.commands.gateway_secret import GatewayArgument, check_gateway, checked_secret
from orylo_cli.commands.gateway_secret import app as secret_app
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, KeyLostOption, TenantArgument
from orylo_cli.console import note, say, say_json, show
from orylo_cli.target import open_target
from orylo_common.control.admin import (
    Refused,
    check_master_key,
    find_tenant,
    put_gateway_secret,
    set_gateway,
)
from orylo_common.control.models import LiveMode, Mode
from orylo_common.postgres.pool import Connection

SELECT_GATEWAYS = """
    SELECT g.gateway, g.enabled, g.mode, g.accept, g.timezone, g.allowed_networks::text[] AS allowed_networks,
           coalesce((SELECT jsonb_agg(jsonb_build_object('label', label, 'created_at', created_at,
                                                         'last_used_at', last_used_at) ORDER BY created_at DESC)
                     FROM control.gateway_secrets s
                     WHERE s.tenant_id = g.tenant_id AND s.gateway = g.gateway), '[]') AS secrets
    FROM control.gateways g WHERE g.tenant_id = $1 ORDER BY g.gateway
"""
SELECT_GATEWAY = """
    SELECT enabled, mode, accept, timezone, allowed_networks::text[] AS allowed_networks
    FROM control.gateways WHERE tenant_id = $1 AND gateway = $2
"""
# Its times are Unix seconds, also in the bodies of relays.
WITHOUT_ZONES = frozenset({"stripe"})
USUAL = "usual"

app = typer.Typer(no_args_is_help=True, help="Which gateways a tenant has switched on, and how they authenticate.")
app.add_typer(secret_app, name="secret")


@app.command("set")
def set_(
    tenant: TenantArgument,
    gateway: GatewayArgument,
    secret: Annotated[
        str | None,
        typer.Option(
            envvar="ORYLO_GATEWAY_SECRET", help="What the gateway signs with, or its token.", show_envvar=True
        ),
    ] = None,
    label: Annotated[str, typer.Option(help="Tells several active secrets apart, for changing one.")] = "default",
    mode: Annotated[
        Mode | None, typer.Option(help="`native`: as the gateway does it; `hmac`: X-Signature over the raw body.")
    ] = None,
    accept: Annotated[
        str | None, typer.Option(metavar="live,test", help="Which of its own modes; both unless given.")
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="CIDR", help="Only from these addresses, with commas or repeated; `any` lifts it."),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE",
            help="What its times are in that name no zone (Kiwify, PerfectPay, relays of Hotmart); `usual` lifts it.",
        ),
    ] = None,
    enable: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Switch it on or off; a new one is on.")
    ] = None,
    key_lost: KeyLostOption = False,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Switch a gateway on for a tenant, or change how it authenticates. What is not named stays as it is.

    Example: `orylo gateway set minha-loja stripe --secret whsec_…`
    """
    check_gateway(gateway)
    if gateway in WITHOUT_ZONES and timezone not in (None, USUAL):
        raise typer.BadParameter(f"every time in {gateway}'s webhooks names its zone", param_hint="--timezone")
    modes, networks = _modes(accept), _networks(allow)
    secret = secret if secret is None else checked_secret(secret)
    with open_target(data_dir, "gateway set") as target:
        keyring = target.keyring()

        async def work(connection: Connection) -> tuple[str, bool]:
            found = await find_tenant(connection, tenant)
            now = await connection.fetchrow(SELECT_GATEWAY, found.id, gateway)
            if now is None and secret is None:
                raise Refused(f"{gateway} is not set up for {found.slug} yet: give its --secret")
            enabled = enable if enable is not None else now is None or now["enabled"]
            await set_gateway(
                connection,
                found.id,
                gateway,
                enabled=enabled,
                mode=mode or (now["mode"] if now else "native"),
                accept=modes or frozenset(now["accept"] if now else get_args(LiveMode)),
                allowed_networks=networks if networks is not None else tuple(now["allowed_networks"] if now else ()),
                timezone=_timezone(timezone, now["timezone"] if now else None),
            )
            if secret is not None:
                if not key_lost:
                    await check_master_key(connection, keyring)
                await put_gateway_secret(connection, keyring, found.id, gateway, label=label, secret=secret)
            return found.slug, enabled

        slug, enabled = target.run(work)
    path = f"/api/v1/webhooks/{gateway}/{slug}"
    if as_json:
        say_json({"tenant": slug, "gateway": gateway, "enabled": enabled, "path": path})
        return
    if not enabled:
        say(f"{gateway} of {slug} is switched off: what it sends is refused until --enable")
        return
    base = target.running.ingest_url if target.running else ""
    say(f"{gateway} of {slug}: POST {base}{path}")
    if not base:
        note("that is the path on the address at which the gateway reaches ingest (port 8080)")


@app.command("list")
def list_gateways(
    tenant: TenantArgument, as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR
) -> None:
    """List a tenant's gateways, with the labels of their secrets.

    Example: `orylo gateway list minha-loja --json`
    """

    async def work(connection: Connection) -> list[dict[str, Any]]:
        found = await find_tenant(connection, tenant)
        return [dict(row) for row in await connection.fetch(SELECT_GATEWAYS, found.id)]

    with open_target(data_dir, "gateway list") as target:
        rows = target.run(work)
    if not as_json:
        rows = [{**row, "secrets": [secret["label"] for secret in row["secrets"]]} for row in rows]
    show(rows, as_json=as_json, empty="no gateway yet: orylo gateway set TENANT GATEWAY --secret …")


def _modes(accept: str | None) -> frozenset[LiveMode]:
    """Empty where nothing is said."""
    known: dict[str, LiveMode] = {mode: mode for mode in get_args(LiveMode)}
    named = [mode.strip() for mode in accept.split(",")] if accept is not None else []
    if set(named) - set(known):
        raise typer.BadParameter(f"{accept!r} is none of {', '.join(known)}, or both", param_hint="--accept")
    return frozenset(known[mode] for mode in named)


def _timezone(named: str | None, now: str | None) -> str | None:
    """None: the gateway's usual one."""
    if named is None:
        return now
    return None if named == USUAL else named


def _networks(allow: list[str] | None) -> tuple[str, ...] | None:
    """None where nothing is said; empty: from anywhere."""
    if allow is None:
        return None
    named = tuple(network.strip() for each in allow for network in each.split(","))
    return () if named == ("any",) else named
