"""Work on the review queue as the API does: audited, and shown to colleagues at once."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import asyncpg

from orylo_api.read_models.keys import derived_uuid
from orylo_api.review.models import CASE_CHANGED, CaseChangeKind, CaseQuery, ReviewCasePage, ReviewSummary
from orylo_api.review.work import CaseWorker
from orylo_cli.operations.binding import bind_to_tenant, unbind
from orylo_cli.operations.refusals import refusals
from orylo_cli.target import Target
from orylo_common.control.audit import write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection

Work = Callable[[Connection, CaseWorker], Awaitable[asyncpg.Record]]


def worker_of(target: Target) -> CaseWorker:
    """Return the operating-system user, who is the same in every command."""
    return CaseWorker(derived_uuid(f"command:{target.actor.name}"), target.actor.name)


async def list_cases(
    connection: Connection, target: Target, tenant: str, query: CaseQuery, now: datetime
) -> ReviewCasePage:
    from orylo_api.review import queries

    await bind_to_tenant(connection, (await find_tenant(connection, tenant)).id)
    items, next_cursor = await queries.list_cases(connection, query, worker_of(target), now)
    await unbind(connection)
    return ReviewCasePage(items=items, next_cursor=next_cursor)


async def summarise(connection: Connection, target: Target, tenant: str, timezone: str, now: datetime) -> ReviewSummary:
    from orylo_api.review import queries

    await bind_to_tenant(connection, (await find_tenant(connection, tenant)).id)
    summary = await queries.read_summary(connection, worker_of(target), timezone, now)
    await unbind(connection)
    return summary


async def change_case(
    connection: Connection,
    target: Target,
    tenant: str,
    kind: CaseChangeKind,
    work: Work,
    now: datetime,
    after: dict[str, Any] | None = None,
) -> asyncpg.Record:
    """Do the work, and return the case. Raises `InvalidChange` if the case is closed, unknown or held by another."""
    from orylo_api.read_models.stream_events import encode_event, write_stream_events
    from orylo_api.review.queries import change_of

    tenant_id = (await find_tenant(connection, tenant)).id
    await bind_to_tenant(connection, tenant_id)
    with refusals():
        row = await work(connection, worker_of(target))
    subject = f"payment {row['payment_id']}"
    await write_audit_line(connection, tenant_id, target.actor, action=f"review.{kind}", subject=subject, after=after)
    change = change_of(row, kind, target.actor.name, now)
    event = encode_event(CASE_CHANGED.encode(), change.model_dump(mode="json"))
    await write_stream_events(connection, {tenant_id: [event]})
    await unbind(connection)
    return row


async def reviewer(connection: Connection, email: str) -> CaseWorker:
    """Raises `InvalidChange` for anyone who may not give verdicts. In a transaction of the tenant."""
    from orylo_api.review.queries import find_reviewer

    found = await find_reviewer(connection, email)
    if found is None:
        raise InvalidChange(f"no member {email} may give verdicts: see `orylo user list`")
    return found
