"""`orylo trust`: the ledger of scores."""

import asyncio
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption
from orylo_cli.console import FAILED, show
from orylo_cli.target import OWN_ROLE, open_target
from orylo_common.control.admin import find_tenant
from orylo_common.postgres.pool import open_pool
from orylo_trust.recompute import Difference, differences

app = typer.Typer(no_args_is_help=True, help="The ledger of trust scores.")


@app.callback()
def trust() -> None:
    """The ledger of trust scores."""


@app.command()
def verify(
    tenant: Annotated[
        str | None, typer.Argument(metavar="[TENANT]", help="The tenant's slug or id; without one, all of them.")
    ] = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Compute every score anew from the ledger and list those that are stored otherwise; exit 1 where there are any.

    Example: `orylo trust verify minha-loja`
    """
    with open_target(data_dir, "trust verify") as target:
        found = asyncio.run(_differences(target.database_url, tenant))
    show(
        [asdict(difference) for difference in found],
        as_json=as_json,
        empty="every stored score is what the ledger says",
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
