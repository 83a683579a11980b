"""Run reconciliations from the command line, in the command's own process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from orylo_cli.target import Target
from orylo_common.broker.connect import open_broker
from orylo_common.clock import Clock
from orylo_common.control.errors import InvalidChange
from orylo_common.control.models import Tenant
from orylo_common.control.plane import open_control
from orylo_common.control.tenants import find_tenant
from orylo_common.messages import ReconciliationChanged, ReconciliationState
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.postgres.pool import Connection, open_pool
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_ingest.app import PARTS, ROLE
from orylo_ingest.reconciliation.job import ComparedRange, ReconciliationJob, new_job
from orylo_ingest.reconciliation.runner import Reconciler
from orylo_ingest.reconciliation.service import open_reconciler
from orylo_ingest.reconciliation.store import LEASE, find_job, insert_job
from orylo_ingest.webhooks.store import EventStore
from orylo_ingest.webhooks.writer import WebhookWriter

SELECT_TENANTS = """
    SELECT DISTINCT t.id, t.slug, t.name FROM control.tenants AS t JOIN control.destinations AS d ON d.tenant_id = t.id
    WHERE d.kind = 'stripe' AND d.enabled ORDER BY t.slug
"""
NO_TENANT = "no tenant has a key of Stripe's API: orylo destination add TENANT stripe --token-stdin"


@dataclass(frozen=True, slots=True)
class TenantReport:
    """The last report of a tenant's reconciliation. None if it was interrupted before the first one."""

    tenant: str
    job: ReconciliationJob
    report: ReconciliationChanged | None


async def tenants_to_reconcile(connection: Connection, tenant: str | None) -> list[Tenant]:
    """Return the tenant, or all tenants that have a key. Raises `InvalidChange` if there are none."""
    if tenant is not None:
        return [await find_tenant(connection, tenant)]
    rows = await connection.fetch(SELECT_TENANTS)
    if not rows:
        raise InvalidChange(NO_TENANT)
    return [Tenant(row["id"], row["slug"], row["name"]) for row in rows]


async def reconcile(
    target: Target,
    tenant: str | None,
    wanted: ComparedRange,
    *,
    dry_run: bool,
    base_url: str,
    clock: Clock,
    follow: Callable[[str, ReconciliationChanged], None],
) -> list[TenantReport]:
    """Reconcile one tenant after another. `follow` is called with the slug and each report."""
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(target.database_url, role="none", max_size=1))
        async with pool.acquire() as connection:
            tenants = await tenants_to_reconcile(connection, tenant)
        reconciler = await stack.enter_async_context(_opened(target, base_url, clock))
        return [await _one(reconciler, each, wanted, dry_run, target.actor.name, follow) for each in tenants]


async def _one(
    reconciler: Reconciler,
    tenant: Tenant,
    wanted: ComparedRange,
    dry_run: bool,
    actor: str,
    follow: Callable[[str, ReconciliationChanged], None],
) -> TenantReport:
    last: list[ReconciliationChanged] = []

    def note(report: ReconciliationChanged) -> None:
        last[:] = [report]
        follow(tenant.slug, report)

    now = reconciler.clock.now()
    job = new_job(tenant.id, "stripe", wanted, now=now, requested_by=actor, dry_run=dry_run)
    job = replace(job, state=ReconciliationState.RUNNING)
    reconciler.follow = note
    async with reconciler.pool.acquire() as connection:
        # Held from the start: the platform's worker continues it only if this process dies.
        await insert_job(connection, job, due_at=now + LEASE)
    await reconciler.run(job)
    while True:
        async with reconciler.pool.acquire() as connection:
            job, due_at = await find_job(connection, job.id)
        if job.finished_at is not None:
            return TenantReport(tenant.slug, job, last[0] if last else None)
        await asyncio.sleep(_seconds_until(due_at, reconciler.clock.now()))
        await reconciler.run_due(job.id)


def _seconds_until(due_at: datetime, now: datetime) -> float:
    return min(max((due_at - now).total_seconds(), 0.2), 30)


@asynccontextmanager
async def _opened(target: Target, base_url: str, clock: Clock) -> AsyncIterator[Reconciler]:
    keyring = target.keyring()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        pool = await enter(open_pool(target.database_url, role=ROLE, max_size=4))
        plane = await enter(open_control(target.database_url, role=ROLE, keyring=keyring, parts=PARTS))
        broker = await enter(open_broker(target.broker_url, target.database_url))
        relay = await enter(OutboxRelay(pool, "ingest", broker))
        store = await enter(EventStore.open(pool))
        writer = WebhookWriter(store, relay, CircuitBreaker("command.postgres"))
        yield await enter(open_reconciler(pool, plane, keyring, writer, base_url=base_url, clock=clock))
