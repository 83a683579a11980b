"""Give verdicts as the API does: audited, and published by the API from its outbox."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from orylo_api.verdicts.csv_file import VerdictDefaults, VerdictLine, read_verdicts
from orylo_api.verdicts.models import VerdictImport
from orylo_cli.operations.binding import bind_to_tenant, unbind
from orylo_cli.target import Target
from orylo_common.control.audit import write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.tenants import find_tenant
from orylo_common.csv_rows import LineProblem
from orylo_common.postgres.pool import Connection


async def give_verdict(connection: Connection, target: Target, tenant: str, given: VerdictLine, now: datetime) -> bool:
    """Return whether the verdict is new. Raises `InvalidChange` for an unknown payment."""
    result = await _import(connection, target, tenant, [given], now, dry_run=False)
    if result.unknown:
        raise InvalidChange(f"{tenant} has no payment {given.payment_id}")
    return bool(result.given)


async def import_file(
    connection: Connection,
    target: Target,
    tenant: str,
    file: Iterable[bytes],
    defaults: VerdictDefaults,
    now: datetime,
    *,
    dry_run: bool,
) -> VerdictImport:
    """Raises `InvalidChange` for a file that cannot be read."""
    return await _import(connection, target, tenant, read_verdicts(file, defaults), now, dry_run=dry_run)


async def _import(
    connection: Connection,
    target: Target,
    tenant: str,
    read: Iterable[VerdictLine | LineProblem],
    now: datetime,
    *,
    dry_run: bool,
) -> VerdictImport:
    # Imported here, because it imports the web server.
    from orylo_api.verdicts.imports import import_verdicts

    tenant_id: UUID = (await find_tenant(connection, tenant)).id
    await bind_to_tenant(connection, tenant_id)
    result = await import_verdicts(connection, tenant_id, iter(read), actor=target.actor.name, now=now, dry_run=dry_run)
    if result.given and not dry_run:
        after = result.model_dump(exclude={"problems"})
        action = "payment.import_verdicts"
        await write_audit_line(connection, tenant_id, target.actor, action=action, subject="verdicts", after=after)
    await unbind(connection)
    return result
