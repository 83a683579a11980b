"""`orylo tenant suspend`, `resume`, `delete`, `restore`: stop a tenant, and let it run again."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, TenantArgument
from orylo_cli.console import print_note, print_text
from orylo_cli.target import open_target
from orylo_common.control.tenant_states import (
    GRACE,
    LONGEST_GRACE,
    SHORTEST_GRACE,
    delete_tenant,
    restore_tenant,
    resume_tenant,
    suspend_tenant,
)
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection

ReasonOption = Annotated[str, typer.Option(help="For the audit log, and for operators.")]


def suspend(tenant: TenantArgument, reason: ReasonOption, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """Suspend a tenant: webhooks get 503, users and API keys are refused, nothing is sent. Nothing is deleted.

    Example: `orylo tenant suspend minha-loja --reason "The invoice of May is open"`
    """
    with open_target(data_dir, "tenant suspend") as target:

        async def work(connection: Connection) -> None:
            found, now = await find_tenant(connection, tenant), datetime.now(UTC)
            await suspend_tenant(connection, found.id, reason=reason, actor=target.actor, now=now)

        target.run(work)
    print_text(f"suspended {tenant}")
    print_note(f"gateways repeat their webhooks for some days; next: orylo tenant resume {tenant}")


def resume(tenant: TenantArgument, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """Let a suspended tenant run again. Conversions that waited are sent.

    Example: `orylo tenant resume minha-loja`
    """
    with open_target(data_dir, "tenant resume") as target:

        async def work(connection: Connection) -> None:
            await resume_tenant(connection, (await find_tenant(connection, tenant)).id, actor=target.actor)

        target.run(work)
    print_text(f"{tenant} is active")


def delete(
    tenant: TenantArgument,
    reason: ReasonOption,
    days: Annotated[
        int,
        typer.Option(min=SHORTEST_GRACE.days, max=LONGEST_GRACE.days, help="How long the tenant can be restored."),
    ] = GRACE.days,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Delete a tenant after a grace period. Until then it is stopped, and can be restored.

    Example: `orylo tenant delete minha-loja --reason "The merchant has closed the shop" --days 60`
    """
    with open_target(data_dir, "tenant delete") as target:

        async def work(connection: Connection) -> datetime:
            found, now = await find_tenant(connection, tenant), datetime.now(UTC)
            grace = timedelta(days=days)
            return await delete_tenant(connection, found.id, reason=reason, grace=grace, actor=target.actor, now=now)

        delete_at = target.run(work)
    print_text(f"{tenant} will be deleted on {delete_at:%Y-%m-%d at %H:%M} UTC")
    print_note(f"until then: orylo tenant restore {tenant}")


def restore(tenant: TenantArgument, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """Take a tenant's deletion back. It is active or suspended, as before.

    Example: `orylo tenant restore minha-loja`
    """
    with open_target(data_dir, "tenant restore") as target:

        async def work(connection: Connection) -> str:
            found, now = await find_tenant(connection, tenant), datetime.now(UTC)
            return await restore_tenant(connection, found.id, actor=target.actor, now=now)

        state = target.run(work)
    print_text(f"{tenant} is {state}")
