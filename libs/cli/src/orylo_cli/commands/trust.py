"""`orylo trust`: the ledger of trust scores."""

import asyncio
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from orylo_api.customers.changes import trust_corrected
from orylo_api.customers.models import CorrectionRequest, CustomerSummary
from orylo_cli.commands.customer import CLOCK, CustomerArgument, ReasonOption
from orylo_cli.commands.options import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    TenantArgument,
    TenantFilterArgument,
)
from orylo_cli.console import FAILED, print_rows, print_text
from orylo_cli.operations.customers import CustomerChange, change_customer
from orylo_cli.target import OWN_ROLE, open_target
from orylo_common.control.models import Tenant
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import open_pool
from orylo_trust.recompute import Difference, differences

app = typer.Typer(no_args_is_help=True, help="The ledger of trust scores.")


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


# A number below 0 is an argument and not an option.
@app.command(context_settings={"ignore_unknown_options": True})
def correct(
    tenant: TenantArgument,
    customer: CustomerArgument,
    points: Annotated[
        int, typer.Argument(metavar="POINTS", min=-100, max=100, help="Added to the score; below 0 to take away.")
    ],
    reason: ReasonOption,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Correct a customer's trust score. To undo a correction, correct by the opposite points.

    Example: `orylo trust correct --reason "disputed by mistake" minha-loja cus_282a1f0c5d6e7b8a9c0d1e2f3a4b5c6d 50`
    """
    if not points:
        raise typer.BadParameter("must not be 0", param_hint="POINTS")
    requested = CorrectionRequest(points=points, reason=reason)
    with open_target(data_dir, "trust correct") as target:

        def build(owner: Tenant, found: CustomerSummary) -> CustomerChange:
            message = trust_corrected(owner.id, found.id, requested, actor=target.actor.name, now=CLOCK.now())
            return CustomerChange(
                message,
                "customer.correct_trust",
                f"customer {found.id}",
                {"trust_score": found.trust_score},
                {"correction_id": str(message.correction_id), **requested.model_dump()},
            )

        asyncio.run(change_customer(target, tenant, customer, build))
    print_text(f"{customer} is corrected by {points:+}")


async def _differences(database_url: str, tenant: str | None) -> list[Difference]:
    async with open_pool(database_url, role=OWN_ROLE, max_size=1) as pool:
        tenant_id: UUID | None = None
        if tenant is not None:
            async with pool.acquire() as connection:
                tenant_id = (await find_tenant(connection, tenant)).id
        return [difference async for difference in differences(pool, tenant_id)]
