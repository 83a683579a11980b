"""`orylo trust`: the ledger of trust scores."""

import asyncio
from dataclasses import asdict
from uuid import UUID

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantFilterArgument
from orylo_cli.console import FAILED, print_rows
from orylo_cli.target import OWN_ROLE, open_target
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import open_pool
from orylo_trust.recompute import Difference, differences

app = typer.Typer(no_args_is_help=True, help="The ledger of trust scores.")


# Without a callback, typer would turn the only command of the group into the group itself.
@app.callback()
def trust() -> None:
    """The ledger of trust scores."""


@app.command()
def verify(
    tenant: TenantFilterArgument = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Recompute every score from the ledger and list those that differ. Exit with 1 if there are any.

    Example: `orylo trust verify minha-loja`
    """
    with open_target(data_dir, "trust verify") as target:
        found = asyncio.run(_differences(target.database_url, tenant))
    print_rows(
        [asdict(difference) for difference in found],
        as_json=as_json,
        empty="every stored score matches the ledger",
    )
    if found:
        raise typer.Exit(FAILED)


async def _differences(database_url: str, tenant: str | None) -> list[Difference]:
    async with open_pool(database_url, role=OWN_ROLE, max_size=1) as pool:
        tenant_id: UUID | None = None
        if tenant is not None:
            async with pool.acquire() as connection:
                tenant_id = (await find_tenant(connection, tenant)).id
        return [difference async for difference in differences(pool, tenant_id)]
