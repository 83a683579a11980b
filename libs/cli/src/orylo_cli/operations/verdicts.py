"""Give verdicts as the API does: audited, and published by the API from its outbox."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from orylo_api.verdicts.csv_file import VerdictDefaults, VerdictLine, read_verdicts
from orylo_api.verdicts.messages import verdict_given
from orylo_api.verdicts.models import VerdictImport
from orylo_cli.operations.binding import bind_to_tenant, unbind
from orylo_cli.operations.refusals import refusals
from orylo_cli.operations.review import worker_of
from orylo_cli.target import Target
from orylo_common.control.audit import write_audit_line
from orylo_common.control.tenants import find_tenant
from orylo_common.csv_rows import LineProblem
from orylo_common.messages import PaymentVerdict
from orylo_common.postgres.pool import Connection


async def give_verdict(
    connection: Connection,
    target: Target,
    tenant: str,
    payment_id: str,
    verdict: PaymentVerdict,
    reason: str | None,
    now: datetime,
) -> bool:
    """Close the payment's case, and return whether the verdict is new.

    Raises `InvalidChange` for an unknown payment, and if another person has its case open.
    """
    # Imported here, because they import the web server.
    from orylo_api.http.outbox import write_message
    from orylo_api.verdicts.giving import close_case

    tenant_id = (await find_tenant(connection, tenant)).id
    await bind_to_tenant(connection, tenant_id)
    with refusals():
        judged = await close_case(connection, payment_id, verdict, worker_of(target), now)
    is_new = not judged.stays(verdict, reason)
    if is_new:
        actor = target.actor.name
        message = verdict_given(tenant_id, payment_id, judged.customer_id, verdict, reason, actor=actor, now=now)
        await write_message(connection, message)
        await write_audit_line(
            connection,
            tenant_id,
            target.actor,
            action="payment.give_verdict",
            subject=f"payment {payment_id}",
            before={"verdict": judged.verdict, "reason": judged.reason},
            after={"verdict": verdict, "reason": reason},
        )
    await unbind(connection)
    return is_new


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
