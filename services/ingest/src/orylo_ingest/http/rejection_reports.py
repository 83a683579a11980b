"""Report rejected webhooks to merchants: gathered in memory, published once a second.

A rejection costs a lookup and an addition, however many there are. Nothing is written while a request is handled.
"""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from orylo_common.broker.ports import Outgoing
from orylo_common.clock import Clock
from orylo_common.http.problems import Problem
from orylo_common.ids import uuid7
from orylo_common.messages import WebhookRejected, encode
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.repeating import repeating
from orylo_ingest.metrics import REJECTIONS_UNREPORTED

FLUSH_EVERY = timedelta(seconds=1)
# A tenant has at most one kind per gateway and code, some fifty. This is enough for a hundred tenants whose webhooks
# are rejected for every possible reason within one second.
MAX_KINDS = 5_000

# Tenant, gateway and code.
ReportKind = tuple[UUID, str, str]


@dataclass(slots=True)
class Tally:
    """Rejections of one kind since the last flush."""

    problem: Problem
    first_at: datetime
    last_at: datetime
    count: int
    remote: str | None
    size: int


class RejectionReports:
    """Counts rejections, and publishes one message per kind with each flush."""

    def __init__(self, outbox: GroupCommit[Outgoing, None], relay: OutboxRelay, clock: Clock) -> None:
        self._outbox = outbox
        self._relay = relay
        self._clock = clock
        self._tallies: dict[ReportKind, Tally] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, outbox: GroupCommit[Outgoing, None], relay: OutboxRelay, clock: Clock) -> AsyncIterator[Self]:
        reports = cls(outbox, relay, clock)
        async with repeating("ingest.rejection_reports", reports.flush, every=FLUSH_EVERY, on_exit=reports.flush):
            yield reports

    def report(self, tenant_id: UUID, gateway: str, problem: Problem, *, remote: str | None, size: int) -> None:
        """Count a rejection. `gateway` is a known one or `unknown`, so that callers cannot create kinds."""
        kind, now = (tenant_id, gateway, problem.code), self._clock.now()
        tally = self._tallies.get(kind)
        if tally is None:
            if len(self._tallies) >= MAX_KINDS:
                REJECTIONS_UNREPORTED.inc()
                return
            self._tallies[kind] = Tally(problem, now, now, 1, remote, size)
            return
        tally.problem, tally.last_at, tally.remote, tally.size = problem, now, remote, size
        tally.count += 1

    async def flush(self) -> None:
        """Publish what was gathered. If that fails it is kept for the next flush."""
        gathered, self._tallies = self._tallies, {}
        if not gathered:
            return
        messages = [_message(kind, tally) for kind, tally in gathered.items()]
        try:
            await asyncio.gather(*(self._outbox.add(message) for message in messages))
        except BaseException:
            self._put_back(gathered)
            raise
        self._relay.offer(messages)

    def _put_back(self, unreported: dict[ReportKind, Tally]) -> None:
        """Merge tallies that were not written. Those whose write succeeded without a response are counted twice,
        which is acceptable for a report."""
        for kind, newer in self._tallies.items():
            older = unreported.get(kind)
            if older is not None:
                newer.first_at, newer.count = older.first_at, newer.count + older.count
            if older is None and len(unreported) >= MAX_KINDS:
                REJECTIONS_UNREPORTED.inc(newer.count)
            else:
                unreported[kind] = newer
        self._tallies = unreported


def _message(kind: ReportKind, tally: Tally) -> Outgoing:
    tenant_id, gateway, code = kind
    message_id = uuid7()
    message = WebhookRejected(
        message_id=message_id,
        correlation_id=message_id,
        tenant_id=tenant_id,
        occurred_at=tally.last_at,
        gateway=gateway,
        status=tally.problem.status.value,
        code=code,
        reason=tally.problem.detail,
        count=tally.count,
        first_at=tally.first_at,
        remote=_address(tally.remote),
        size=tally.size,
    )
    return Outgoing(message_id, message.type, encode(message))


def _address(remote: str | None) -> str | None:
    """Return the address, or None for the arbitrary text that a proxy may pass on."""
    try:
        return str(ipaddress.ip_address(remote or ""))
    except ValueError:
        return None
