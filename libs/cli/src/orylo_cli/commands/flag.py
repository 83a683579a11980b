"""`orylo flag`: feature flags of a tenant and of its gateways."""

from typing import Annotated

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantArgument
from orylo_cli.console import print_rows, print_text
from orylo_cli.target import open_target
from orylo_common.control.flags import FLAGS, FlagValue, list_flag_values, set_flag
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection

app = typer.Typer(no_args_is_help=True, help="Feature flags of a tenant and of its gateways.")

VALUES = {"on": True, "off": False, "default": None}


@app.command("list")
def list_(tenant: TenantArgument, as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """List all flags with their values.

    Example: `orylo flag list minha-loja`
    """

    async def work(connection: Connection) -> list[FlagValue]:
        return await list_flag_values(connection, (await find_tenant(connection, tenant)).id)

    with open_target(data_dir, "flag list") as target:
        values = target.run(work)
    rows = []
    for flag in FLAGS.values():
        own = {each.gateway: each.enabled for each in values if each.name == flag.name}
        rows.append(
            {
                "flag": flag.name,
                "enabled": own.pop("", flag.default),
                "gateways": {gateway: "on" if enabled else "off" for gateway, enabled in own.items()},
                "default": flag.default,
                "while_on": flag.description,
            }
        )
    print_rows(rows, as_json=as_json, empty="")


@app.command("set")
def set_(
    tenant: TenantArgument,
    flag: Annotated[str, typer.Argument(metavar="FLAG", help="A flag, as `orylo flag list` names it.")],
    value: Annotated[str, typer.Argument(metavar="on|off|default", help="`default` removes the value.")],
    gateway: Annotated[str | None, typer.Option(help="For this gateway only. Default: for the tenant.")] = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Switch a feature on or off. Running services follow at once.

    Example: `orylo flag set minha-loja conversions off --gateway hotmart`
    """
    if value not in VALUES:
        raise typer.BadParameter(f"{value!r}: use on, off or default", param_hint="on|off|default")
    with open_target(data_dir, "flag set") as target:

        async def work(connection: Connection) -> None:
            found = await find_tenant(connection, tenant)
            await set_flag(connection, found.id, flag, gateway or "", VALUES[value], actor=target.actor)

        target.run(work)
    print_text(f"{flag}{f' of {gateway}' if gateway else ''}: {value}")
