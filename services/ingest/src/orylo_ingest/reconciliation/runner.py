"""Run reconciliations, page by page. A page's result and the place after it are stored together."""

import asyncio
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from orylo_common.broker.ports import Outgoing
from orylo_common.clock import Clock
from orylo_common.control.keyring import Keyring, WrongMasterKey
from orylo_common.errors import PermanentError, TransientError
from orylo_common.messages import ReconciliationChanged, ReconciliationState, encode
from orylo_common.postgres.errors import TRANSIENT_ERRORS
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.postgres.pool import Connection
from orylo_common.resilience.retry import RetryPolicy
from orylo_common.stripe_keys import is_live
from orylo_ingest.metrics import RECONCILIATIONS
from orylo_ingest.outbox import write_messages
from orylo_ingest.reconciliation.amounts import amount_of_event, amounts_of_transaction
from orylo_ingest.reconciliation.fetching import AT_ONCE, EventFetcher, GatewayDisabled
from orylo_ingest.reconciliation.job import NEXT_PHASE, ReconciliationJob
from orylo_ingest.reconciliation.missing import received_types
from orylo_ingest.reconciliation.reports import report_of
from orylo_ingest.reconciliation.store import LEASE, LeaseLost, add_amounts, claim_due, delete_amounts, update_job
from orylo_ingest.reconciliation.stripe_lists import (
    BALANCE_TRANSACTIONS,
    EVENTS,
    PermissionMissing,
    StripeLists,
)

# Of events that were received, for the sums.
PAGE = 500
# Progress is published at most this often.
REPORT_EVERY = timedelta(seconds=2)
RETRIES = RetryPolicy(base=timedelta(seconds=5), cap=timedelta(minutes=10), jitter=lambda: 1.0)
# In a row: some two hours, if Stripe does not answer.
MAX_FAILURES = 20

NO_KEY = "No key of Stripe's API is stored: orylo destination add TENANT stripe --token-stdin"
NO_GATEWAY = "The gateway stripe is not enabled for this tenant."
OTHER_MODE = "The key was replaced by one of the other mode. Start again."
UNREADABLE_KEY = "The stored key cannot be decrypted."

SELECT_KEY = """
    SELECT secret_encrypted FROM control.destinations
    WHERE tenant_id = $1 AND kind = 'stripe' AND enabled ORDER BY id LIMIT 1
"""
SELECT_RECEIVED = f"""
    SELECT created_at, event_id, payment_id, payload FROM ingest.events
    WHERE tenant_id = $1 AND gateway = $2 AND status = 'published' AND created_at >= $3 AND payment_id IS NOT NULL
      AND payload <> '{{}}'
      AND ($4::timestamptz IS NULL OR (created_at, event_id) > ($4, $5::uuid))
      AND message_type IN ('payment.succeeded.v1', 'payment.refunded.v1', 'dispute.opened.v1')
    ORDER BY created_at, event_id LIMIT {PAGE}
"""  # noqa: S608
# An event may be dated ahead of its arrival by as much.
AHEAD = timedelta(days=1)

log = structlog.get_logger(__name__)


def ignore(report: ReconciliationChanged) -> None:
    """Do nothing with a report: it is published anyway."""


@dataclass(slots=True)
class Reconciler:
    pool: asyncpg.Pool
    keyring: Keyring
    lists: StripeLists
    fetcher: EventFetcher
    relay: OutboxRelay
    clock: Clock
    # Called with each report.
    follow: Callable[[ReconciliationChanged], None] = ignore
    _reported_at: dict[UUID, datetime] = field(default_factory=dict)

    async def run_due(self, job_id: UUID | None = None) -> bool:
        """Run one due reconciliation until it ends or has to wait. Returns False if none is due."""
        async with self.pool.acquire() as connection:
            job = await claim_due(connection, self.clock.now(), job_id)
        if job is None:
            return False
        await self.run(job)
        return True

    async def run(self, job: ReconciliationJob) -> None:
        """Run a reconciliation that this worker holds."""
        try:
            await self._run(job)
        except LeaseLost:
            log.info("reconciliation.lease_lost", tenant_id=str(job.tenant_id), reconciliation_id=str(job.id))
        self._reported_at.pop(job.id, None)

    async def _run(self, job: ReconciliationJob) -> None:
        key, types = "", None
        try:
            key, job = await self._key(job)
            if job.phase == "events":
                async with self.pool.acquire() as connection:
                    types = await received_types(connection, job)
            while job.state is ReconciliationState.RUNNING:
                job = await self._step(job, key, types)
        except GatewayDisabled:
            await self._fail(job, NO_GATEWAY)
        except PermanentError as error:
            await self._fail(job, str(error))
        except (TransientError, *TRANSIENT_ERRORS) as error:
            await self._suspend(job, error)
        except Exception as error:
            if isinstance(error, LeaseLost):
                raise
            log.exception("reconciliation.step_failed", reconciliation_id=str(job.id))
            await self._suspend(job, error)

    async def _key(self, job: ReconciliationJob) -> tuple[str, ReconciliationJob]:
        """Return the tenant's key, and the job with its mode."""
        async with self.pool.acquire() as connection:
            encrypted = await connection.fetchval(SELECT_KEY, job.tenant_id)
        if encrypted is None:
            raise PermanentError(NO_KEY)
        try:
            key = self.keyring.decrypt(encrypted)
        except WrongMasterKey:
            raise PermanentError(UNREADABLE_KEY) from None
        live = is_live(key)
        if job.livemode is not None and live is not job.livemode:
            raise PermanentError(OTHER_MODE)
        return key, replace(job, livemode=live)

    async def _step(self, job: ReconciliationJob, key: str, types: Set[str] | None) -> ReconciliationJob:
        """Do one page, and store the result. The last page of the last phase completes the job."""
        match job.phase:
            case "events":
                page = await self.lists.read_page(EVENTS, key, job.range, job.place)
                done = await self.fetcher.reconcile_page(job, page.items, types)
                return await self._advance(done, page.last)
            case "gateway_amounts":
                try:
                    page = await self.lists.read_page(BALANCE_TRANSACTIONS, key, job.range, job.place)
                except PermissionMissing as missing:
                    # The events are compared nevertheless.
                    return await self._advance(replace(job, phase="received_amounts", problem=str(missing)), None)
                amounts = [amount for each in page.items for amount in amounts_of_transaction(each)]
                return await self._advance(job, page.last, ("gateway", amounts))
            case "received_amounts":
                return await self._received_page(job)

    async def _received_page(self, job: ReconciliationJob) -> ReconciliationJob:
        after: Sequence[Any] = (None, None)
        if job.place is not None:
            at, _, event_id = job.place.partition(" ")
            after = datetime.fromisoformat(at), UUID(event_id)
        async with self.pool.acquire() as connection:
            rows = await connection.fetch(SELECT_RECEIVED, job.tenant_id, job.gateway, job.range_start - AHEAD, *after)
        amounts = []
        for number, row in enumerate(rows):
            if number % AT_ONCE == 0:
                # Webhooks have priority.
                await asyncio.sleep(0)
            if (row["payload"].get("livemode") is not False) == job.livemode:
                amount = amount_of_event(row["payload"], row["payment_id"], row["created_at"])
                if amount is not None and job.range_start <= amount.at < job.range_end:
                    amounts.append(amount)
        last = rows[-1] if len(rows) == PAGE else None
        place = None if last is None else f"{last['created_at'].isoformat()} {last['event_id']}"
        return await self._advance(job, place, ("received", amounts))

    async def _advance(
        self, job: ReconciliationJob, place: str | None, amounts: tuple[str, list[Any]] | None = None
    ) -> ReconciliationJob:
        """Store the amounts of a page and the place after it. Without a place the phase is done."""
        now = self.clock.now()
        phase = job.phase if place is not None else NEXT_PHASE[job.phase]
        done = replace(job, place=place, failures=0)
        if phase is None:
            done = replace(done, state=ReconciliationState.COMPLETED, finished_at=now)
        else:
            done = replace(done, phase=phase)
        async with self.pool.acquire() as connection, connection.transaction():
            if amounts is not None:
                side, items = amounts
                await add_amounts(connection, job, side, items)
            done = await update_job(connection, done, due_at=now + LEASE)
            outgoing = await self._report(connection, done, now)
        self.relay.offer(outgoing)
        return done

    async def _suspend(self, job: ReconciliationJob, error: BaseException) -> None:
        """Continue later, or fail after `MAX_FAILURES` in a row."""
        failures = job.failures + 1
        reason = str(error) if isinstance(error, TransientError) else type(error).__name__
        log.warning("reconciliation.interrupted", reconciliation_id=str(job.id), error=reason, failures=failures)
        if failures >= MAX_FAILURES:
            await self._fail(job, f"It was interrupted {failures} times in a row. {reason}.")
            return
        wait = RETRIES.delay(failures)
        if isinstance(error, TransientError) and error.retry_after is not None:
            wait = max(wait if error.retry_after > timedelta(minutes=1) else timedelta(0), error.retry_after)
        async with self.pool.acquire() as connection:
            await update_job(connection, replace(job, failures=failures), due_at=self.clock.now() + wait)

    async def _fail(self, job: ReconciliationJob, problem: str) -> None:
        now = self.clock.now()
        failed = replace(job, state=ReconciliationState.FAILED, problem=problem, finished_at=now)
        async with self.pool.acquire() as connection, connection.transaction():
            failed = await update_job(connection, failed, due_at=now)
            outgoing = await self._report(connection, failed, now)
        self.relay.offer(outgoing)

    async def _report(self, connection: Connection, job: ReconciliationJob, now: datetime) -> list[Outgoing]:
        """Write the message about the job, if it has ended or the last message is a while ago."""
        reported_at = self._reported_at.get(job.id)
        if job.finished_at is None and reported_at is not None and now - reported_at < REPORT_EVERY:
            return []
        self._reported_at[job.id] = now
        report = await report_of(connection, job, now)
        outgoing = Outgoing(report.message_id, report.type, encode(report))
        self.follow(report)
        await write_messages(connection, [outgoing])
        if job.finished_at is not None:
            await delete_amounts(connection, job)
            RECONCILIATIONS.labels(job.gateway, job.state).inc()
            log.info("reconciliation.finished", **_logged(job))
        return [outgoing]


def _logged(job: ReconciliationJob) -> Mapping[str, Any]:
    return {
        "tenant_id": str(job.tenant_id),
        "reconciliation_id": str(job.id),
        "gateway": job.gateway,
        "state": job.state,
        "listed": job.listed,
        "known": job.known,
        "problem": job.problem,
    }
