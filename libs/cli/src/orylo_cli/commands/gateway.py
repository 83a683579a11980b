"""`orylo gateway`: the payment gateways that send a tenant's webhooks."""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Annotated, Any, get_args

import typer

from orylo_cli.commands.gateway_secret import GatewayArgument, check_gateway, checked_secret
from orylo_cli.commands.gateway_secret import app as secret_app
from orylo_cli.commands.options import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    KeyLostOption,
    SecretOption,
    SecretStdinOption,
    TenantArgument,
    secret_of,
)
from orylo_cli.console import FAILED, print_json, print_note, print_rows, print_text
from orylo_cli.target import open_target
from orylo_common.control.audit import write_audit_line
from orylo_common.control.document_key_store import replace_lost_document_key
from orylo_common.control.errors import InvalidChange
from orylo_common.control.gateway_secrets import read_newest_secret
from orylo_common.control.gateways import (
    WITHOUT_ZONES,
    GatewayConfig,
    GatewaySummary,
    find_gateway,
    list_gateways,
    set_gateway,
    set_gateway_with_secret,
)
from orylo_common.control.master_key import check_master_key
from orylo_common.control.models import GATEWAY_NAMES, LiveMode, Mode
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection
from orylo_common.webhook_signing import WebhookSigner

USUAL = "usual"

app = typer.Typer(no_args_is_help=True, help="The payment gateways that send a tenant's webhooks.")
app.add_typer(secret_app, name="secret")


@app.command("set")
def set_(
    tenant: TenantArgument,
    gateway: GatewayArgument,
    secret_stdin: SecretStdinOption = False,
    secret: SecretOption = None,
    label: Annotated[str, typer.Option(help="The secret's label; several secrets can be active.")] = "default",
    mode: Annotated[
        Mode | None,
        typer.Option(help="`native`: the gateway's own authentication; `hmac`: X-Signature over the raw body."),
    ] = None,
    accept: Annotated[
        str | None, typer.Option(metavar="live,test", help="Accept live events, test events or both. Default: both.")
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CIDR", help="Accept webhooks from these networks only, separated by commas or repeated; or `any`."
        ),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE",
            help="The time zone of timestamps without one (Kiwify, PerfectPay, relayed Hotmart webhooks); or `usual`.",
        ),
    ] = None,
    enable: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Accept or reject its webhooks. A new gateway is enabled.")
    ] = None,
    key_lost: KeyLostOption = False,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Add a gateway to a tenant, or change its configuration. Options that are not given keep their values.

    Example: `printf %s "$SECRET" | orylo gateway set minha-loja stripe --secret-stdin`
    """
    check_gateway(gateway)
    if gateway in WITHOUT_ZONES and timezone not in (None, USUAL):
        raise typer.BadParameter(f"all timestamps in {gateway}'s webhooks have a time zone", param_hint="--timezone")
    changes = _changes(enable=enable, mode=mode, accept=accept, allow=allow, timezone=timezone)
    given = secret_of(secret, from_stdin=secret_stdin)
    secret = given if given is None else checked_secret(given)
    with open_target(data_dir, "gateway set") as target:
        keyring = target.keyring()

        async def work(connection: Connection) -> tuple[str, bool]:
            found = await find_tenant(connection, tenant)
            current = await find_gateway(connection, found.id, gateway)
            if current is None and secret is None:
                raise InvalidChange(f"{gateway} is not set up for {found.slug}: give its secret with --secret-stdin")
            config = replace(current or GatewayConfig(), **changes)
            if secret is None:
                await set_gateway(connection, found.id, gateway, config, actor=target.actor)
            else:
                if key_lost:
                    await replace_lost_document_key(connection, keyring, found.id, actor=target.actor)
                else:
                    await check_master_key(connection, keyring)
                await set_gateway_with_secret(
                    connection, keyring, found.id, gateway, config, label=label, secret=secret, actor=target.actor
                )
            return found.slug, config.enabled

        slug, enabled = target.run(work)
    ingest_url = target.running.ingest_url if target.running else ""
    _report(slug, gateway, enabled=enabled, ingest_url=ingest_url, as_json=as_json)


@app.command("list")
def list_(tenant: TenantArgument, as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """List a tenant's gateways with the labels of their secrets.

    Example: `orylo gateway list minha-loja --json`
    """

    async def work(connection: Connection) -> list[GatewaySummary]:
        found = await find_tenant(connection, tenant)
        return await list_gateways(connection, found.id)

    with open_target(data_dir, "gateway list") as target:
        gateways = target.run(work)
    rows = [asdict(gateway) for gateway in gateways]
    if not as_json:
        rows = [{**row, "secrets": [secret["label"] for secret in row["secrets"]]} for row in rows]
    print_rows(rows, as_json=as_json, empty="no gateways; add one: orylo gateway set TENANT GATEWAY --secret-stdin")


@app.command()
def sample(
    tenant: TenantArgument,
    gateway: GatewayArgument,
    ingest_url: Annotated[
        str | None,
        typer.Option(
            envvar="ORYLO_INGEST_URL", help="The base URL of ingest. Default: that of the running `orylo up`."
        ),
    ] = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Send a sample webhook to ingest, signed with the gateway's newest secret.

    It is a sale that is marked as a test: the dashboard shows it, and it counts nowhere and is sent to no destination.

    Example: `orylo gateway sample minha-loja stripe`
    """
    check_gateway(gateway)
    with open_target(data_dir, "gateway sample") as target:
        url = ingest_url or (target.running.ingest_url if target.running else None)
        if url is None:
            raise InvalidChange("ingest does not run: start `orylo up`, or give its address with --ingest-url")
        keyring = target.keyring()
        # Imported here, because they import an HTTP client, which takes the other commands too long.
        from aiohttp import ClientSession

        from orylo_common.sample_sending import send_sample

        async def work(connection: Connection) -> dict[str, Any]:
            found = await find_tenant(connection, tenant)
            config = await find_gateway(connection, found.id, gateway)
            secret = await read_newest_secret(connection, keyring, found.id, gateway)
            if config is None or secret is None:
                raise InvalidChange(f"{gateway} has no secret for {found.slug}: run orylo gateway set first")
            name = next(each for each in GATEWAY_NAMES if each == gateway)
            signer = WebhookSigner(name, secret, config.mode)
            await write_audit_line(
                connection, found.id, target.actor, action="gateway.sample", subject=f"gateway {gateway}"
            )
            async with ClientSession() as session:
                status, body = await send_sample(session, url, found.slug, signer, datetime.now(UTC))
            return {**body, "outcome": body.get("status"), "status": status}

        answer = target.run(work)
    if as_json:
        print_json(answer)
    else:
        print_text(f"HTTP {answer['status']}: {answer.get('event_id') or answer.get('detail')}")
    if answer["status"] >= 400:
        raise typer.Exit(FAILED)


def _report(slug: str, gateway: str, *, enabled: bool, ingest_url: str, as_json: bool) -> None:
    path = f"/api/v1/webhooks/{gateway}/{slug}"
    if as_json:
        print_json({"tenant": slug, "gateway": gateway, "enabled": enabled, "path": path})
        return
    if not enabled:
        print_text(f"{gateway} of {slug} is disabled: its webhooks are rejected until --enable")
        return
    print_text(f"{gateway} of {slug}: POST {ingest_url}{path}")
    if not ingest_url:
        print_note("put the public address of ingest (port 8080) before this path")


def _changes(
    *, enable: bool | None, mode: Mode | None, accept: str | None, allow: list[str] | None, timezone: str | None
) -> dict[str, Any]:
    """Return the fields of `GatewayConfig` that the options set."""
    changes: dict[str, Any] = {}
    if enable is not None:
        changes["enabled"] = enable
    if mode is not None:
        changes["mode"] = mode
    if accept is not None:
        changes["accept"] = _modes(accept)
    if allow is not None:
        networks = tuple(network.strip() for each in allow for network in each.split(","))
        changes["allowed_networks"] = () if networks == ("any",) else networks
    if timezone is not None:
        changes["timezone"] = None if timezone == USUAL else timezone
    return changes


def _modes(accept: str) -> frozenset[LiveMode]:
    known: dict[str, LiveMode] = {mode: mode for mode in get_args(LiveMode)}
    named = [mode.strip() for mode in accept.split(",")]
    if set(named) - set(known):
        raise typer.BadParameter(f"{accept!r} is not {', '.join(known)} or both", param_hint="--accept")
    return frozenset(known[mode] for mode in named)
