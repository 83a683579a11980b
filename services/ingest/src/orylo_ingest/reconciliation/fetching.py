"""One page of Stripe's events: find the missing ones, and store them on the path of webhooks."""

import asyncio
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg

from orylo_common.clock import Clock
from orylo_common.control.document_key import DocumentKey
from orylo_common.control.models import GatewaySetting
from orylo_common.control.plane import ControlPlane
from orylo_common.control.switches import SwitchName
from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.metrics import EVENTS_FETCHED
from orylo_ingest.reconciliation.job import ReconciliationJob
from orylo_ingest.reconciliation.missing import (
    find_own_missing,
    find_registered,
    insert_missing,
    select_wanted,
    settle_missing,
)
from orylo_ingest.webhooks.admission import RETRY_WHEN_STOPPED
from orylo_ingest.webhooks.building import build_for_tenant
from orylo_ingest.webhooks.record import Record
from orylo_ingest.webhooks.store import WriteOutcome
from orylo_ingest.webhooks.writer import WebhookWriter

# Events interpreted before other tasks get a turn: about a millisecond.
AT_ONCE = 10


class GatewayDisabled(Exception):
    """The tenant does not accept webhooks of the gateway, so none are fetched either."""


@dataclass(frozen=True, slots=True)
class EventFetcher:
    pool: asyncpg.Pool
    plane: ControlPlane
    writer: WebhookWriter
    clock: Clock

    async def reconcile_page(
        self, job: ReconciliationJob, events: Sequence[Mapping[str, Any]], types: Set[str] | None
    ) -> ReconciliationJob:
        """Store the page's missing events, unless it is a dry run. Return the job with the page's counts.

        Repeating a page that was interrupted stores nothing twice, and counts the same.
        """
        listed = {str(each["id"]): dict(each) for each in events if _is_of_mode(each, job.livemode)}
        async with self.pool.acquire() as connection:
            registered = await find_registered(connection, job, listed)
            interrupted = await find_own_missing(connection, job, registered.values())
        records = await self._build(job, [listed[name] for name in listed if name not in registered])
        async with self.pool.acquire() as connection:
            wanted = await select_wanted(connection, records, types)
            await insert_missing(connection, job, wanted)
        arrived: set[UUID] = set()
        if not job.dry_run:
            arrived = await self._store(wanted)
            fetched = {each.event_id for each in wanted} - arrived
            async with self.pool.acquire() as connection:
                await settle_missing(connection, job, fetched=fetched | interrupted, arrived=arrived)
        return replace(
            job,
            listed=job.listed + len(listed),
            known=job.known + len(registered) - len(interrupted) + len(arrived),
            not_subscribed=job.not_subscribed + len(records) - len(wanted),
        )

    async def _build(self, job: ReconciliationJob, documents: Sequence[dict[str, Any]]) -> list[Record]:
        setting, key = self._setting(job)
        gateway, now = GATEWAYS[job.gateway], self.clock.now()
        records = []
        for number, document in enumerate(documents):
            if number % AT_ONCE == 0:
                # Webhooks have priority.
                await asyncio.sleep(0)
            records.append(build_for_tenant(self.plane, gateway, setting, document, now, document_key=key))
        return records

    def _setting(self, job: ReconciliationJob) -> tuple[GatewaySetting, DocumentKey]:
        setting, key = self.plane.gateway(job.tenant_id, job.gateway), self.plane.document_key
        if setting is None or not setting.enabled:
            raise GatewayDisabled
        if key is None:
            raise TransientError("the document key cannot be read")
        now = self.clock.now()
        switch = self.plane.switch(SwitchName.STOP_WEBHOOKS, job.tenant_id, job.gateway, now)
        if self.plane.is_stopped(job.tenant_id):
            raise TransientError("the tenant is suspended", retry_after=RETRY_WHEN_STOPPED)
        if switch is not None and not job.dry_run:
            raise TransientError("webhooks are switched off", retry_after=switch.retry_after(now, RETRY_WHEN_STOPPED))
        return setting, key

    async def _store(self, records: Sequence[Record]) -> set[UUID]:
        """Store the records. Return the ids of those that were stored by someone else meanwhile."""
        outcomes = await asyncio.gather(*map(self.writer.write, records), return_exceptions=True)
        arrived = set()
        for record, outcome in zip(records, outcomes, strict=True):
            if isinstance(outcome, HTTPProblem):
                raise TransientError("PostgreSQL did not commit", retry_after=outcome.problem.retry_after)
            if isinstance(outcome, BaseException):
                raise outcome
            if outcome in (WriteOutcome.DUPLICATE, WriteOutcome.CONFLICT):
                arrived.add(record.event_id)
            else:
                EVENTS_FETCHED.labels(record.gateway, outcome.value).inc()
        return arrived


def _is_of_mode(event: Mapping[str, Any], livemode: bool | None) -> bool:
    return isinstance(event.get("id"), str) and (event.get("livemode") is not False) == livemode
