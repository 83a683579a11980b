"""What merchants are told of webhooks that were refused: gathered in memory, and sent off once a second.

A refusal costs a look-up and an addition, however many there are: nothing is written while one is answered.
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
# A tenant has at most as many kinds as there are gateways and codes, some fifty: this is room for all of a
# hundred tenants that are all refused in every way within one second.
MAX_KINDS = 5_000

Kind = tuple[UUID, str, str]


@dataclass(slots=True)
class Tally:
    """Refusals of one kind since the last flush."""

    problem: Problem
    first_at: datetime
    last_at: datetime
    count: int
    remote: str | None
    size: int


class RejectionReports:
    """`tell` at once; a message for each kind leaves with the next flush."""

    def __init__(self, outbox: GroupCommit[Outgoing, None], relay: OutboxRelay, clock: Clock) -> None:
        self._outbox = outbox
        self._relay = relay
        self._clock = clock
        self._tallies: dict[Kind, Tally] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, outbox: GroupCommit[Outgoing, None], relay: OutboxRelay, clock: Clock) -> AsyncIterator[Self]:
        reports = cls(outbox, relay, clock)
        async with repeating("ingest.rejection_reports", reports.flush, every=FLUSH_EVERY, on_exit=reports.flush):
            yield reports

    def tell(self, tenant_id: UUID, gateway: str, problem: Problem, *, remote: str | None, size: int) -> None:
        """`gateway` is one that we know, or `unknown`: who calls cannot make up kinds."""
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
        """Send what was gathered. If that fails it is kept for the next time."""
        told, self._tallies = self._tallies, {}
        if not told:
            return
        messages = [_message(kind, tally) for kind, tally in told.items()]
        try:
            await asyncio.gather(*(self._outbox.add(message) for message in messages))
        except BaseException:
            self._take_back(told)
            raise
        self._relay.offer(messages)

    def _take_back(self, untold: dict[Kind, Tally]) -> None:
        """Where a lost answer hid that some were written, those are counted twice: this is for looking at only."""
        for kind, newer in self._tallies.items():
            older = untold.get(kind)
            if older is not None:
                newer.first_at, newer.count = older.first_at, newer.count + older.count
            if older is None and len(untold) >= MAX_KINDS:
                REJECTIONS_UNREPORTED.inc(newer.count)
            else:
                untold[kind] = newer
        self._tallies = untold


def _message(kind: Kind, tally: Tally) -> Outgoing:
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
    """What a proxy passed on may be any text."""
    try:
        return str(ipaddress.ip_address(remote or ""))
    except ValueError:
        return None
