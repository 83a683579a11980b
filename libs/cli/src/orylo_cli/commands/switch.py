"""`orylo switch`: stop webhooks, sending or changes, for a tenant or the platform."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption
from orylo_cli.console import print_note, print_rows, print_text
from orylo_cli.rule_texts import parse_length
from orylo_cli.target import open_target
from orylo_common.control.switches import (
    EFFECTS,
    PLATFORM,
    RETRIES,
    Switch,
    SwitchName,
    list_switches,
    switch_off,
    switch_on,
)
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection

app = typer.Typer(no_args_is_help=True, help="Switches that stop webhooks, sending or changes.")

SwitchArgument = Annotated[SwitchName, typer.Argument(metavar="SWITCH", help=f"One of {', '.join(SwitchName)}.")]
TenantOption = Annotated[
    str | None, typer.Option("--tenant", help="A tenant's slug or id. Default: the whole platform.")
]
TargetOption = Annotated[
    str | None,
    typer.Option("--target", help="Only this gateway, or the destination with this id. Default: all of them."),
]


@app.command("list")
def list_(tenant: TenantOption = None, as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """List the switches that are on: the platform's, and with `--tenant` that tenant's, too.

    Example: `orylo switch list --tenant minha-loja`
    """

    async def work(connection: Connection) -> list[Switch]:
        return await list_switches(connection, await _scope(connection, tenant), datetime.now(UTC))

    with open_target(data_dir, "switch list") as target:
        rows = [
            {
                "switch": each.name.value,
                "scope": "platform" if each.tenant_id == PLATFORM else tenant,
                "target": each.target or "all",
                "message": each.message,
                "by": each.author,
                "since": each.since,
                "until": each.until,
            }
            for each in target.run(work)
        ]
    print_rows(rows, as_json=as_json, empty="no switch is on")


@app.command()
def on(
    switch: SwitchArgument,
    message: Annotated[str, typer.Option(help="The reason, which affected people see.")],
    tenant: TenantOption = None,
    target: TargetOption = None,
    length: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="How long: `90m`, `12h`, `7d`. Default: until `off`.")
    ] = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Switch on. Running services follow at once. Nothing is lost: gateways send again, and conversions wait.

    Example: `orylo switch on stop_webhooks --tenant minha-loja --target hotmart --message "We move to a new account" --for 2h`

    Example: `orylo switch on maintenance --message "We update the database until 03:00 UTC"`
    """  # noqa: E501  (a command is one line)
    now = datetime.now(UTC)
    until = now + parse_length(length) if length else None
    _check_target(switch, target)
    with open_target(data_dir, "switch on") as platform:

        async def work(connection: Connection) -> None:
            scope = await _scope(connection, tenant)
            wanted = Switch(scope, switch, target or "", message, platform.actor.name, now, until)
            await switch_on(connection, wanted, actor=platform.actor)

        platform.run(work)
    print_text(f"{switch} is on. {EFFECTS[switch]}")
    if switch is SwitchName.STOP_WEBHOOKS:
        for gateway, retries in RETRIES.items():
            if target in (None, gateway):
                print_note(retries)


@app.command()
def off(
    switch: SwitchArgument,
    tenant: TenantOption = None,
    target: TargetOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Switch off.

    Example: `orylo switch off stop_webhooks --tenant minha-loja --target hotmart`
    """
    with open_target(data_dir, "switch off") as platform:

        async def work(connection: Connection) -> None:
            scope, now = await _scope(connection, tenant), datetime.now(UTC)
            await switch_off(connection, scope, switch, target or "", actor=platform.actor, now=now)

        platform.run(work)
    print_text(f"{switch} is off")


async def _scope(connection: Connection, tenant: str | None) -> UUID:
    return PLATFORM if tenant is None else (await find_tenant(connection, tenant)).id


def _check_target(switch: SwitchName, target: str | None) -> None:
    if target is None:
        return
    if switch is SwitchName.STOP_WEBHOOKS and target not in RETRIES:
        raise typer.BadParameter(f"{target!r}: use one of {', '.join(RETRIES)}", param_hint="--target")
    if switch is SwitchName.STOP_SENDING:
        try:
            UUID(target)
        except ValueError:
            text = f"{target!r} is not a destination's id: see `orylo destination list --json`"
            raise typer.BadParameter(text, param_hint="--target") from None
