"""`orylo fuse`: the fuse of a tenant, which turns blocks into reviews."""

from dataclasses import asdict
from typing import Annotated

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantArgument
from orylo_cli.console import print_json, print_text
from orylo_cli.target import open_target
from orylo_common.control.fuses import FuseState, read_fuse, reset_fuse
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection

app = typer.Typer(
    no_args_is_help=True,
    help="The fuse: while it is tripped, rules and the risk review payments instead of blocking them.",
)


@app.command()
def show(tenant: TenantArgument, as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """Show whether a tenant's fuse is tripped, and the figures of its last trip.

    Example: `orylo fuse show minha-loja`
    """

    async def work(connection: Connection) -> FuseState:
        return await read_fuse(connection, (await find_tenant(connection, tenant)).id)

    with open_target(data_dir, "fuse show") as target:
        _print(target.run(work), as_json=as_json)


@app.command()
def reset(
    tenant: TenantArgument,
    reason: Annotated[str, typer.Option(help="Why, for the audit log: what made the blocks jump.")],
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Let rules and the risk block again. Correct what made the blocks jump first, or the fuse trips again.

    Example: `orylo fuse reset minha-loja --reason "rule 'No prepaid cards' is off"`
    """
    with open_target(data_dir, "fuse reset") as target:

        async def work(connection: Connection) -> FuseState:
            found = await find_tenant(connection, tenant)
            return await reset_fuse(connection, found.id, reason=reason, actor=target.actor)

        _print(target.run(work), as_json=as_json)


def _print(fuse: FuseState, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(fuse))
        return
    print_text("tripped: blocks are reviews" if fuse.tripped else "not tripped")
    if fuse.rate and fuse.tripped_at:
        usual = "too few earlier payments" if fuse.rate.usual is None else f"{fuse.rate.usual:.1%}"
        print_text(
            f"last trip   {fuse.tripped_at:%Y-%m-%d %H:%M:%SZ}: "
            f"{fuse.rate.blocked} of {fuse.rate.payments} paid payments blocked; "
            f"usual {usual}, limit {fuse.rate.limit:.1%}"
        )
    if fuse.reset_at:
        print_text(f"last reset  {fuse.reset_at:%Y-%m-%d %H:%M:%SZ} by {fuse.reset_by}")
