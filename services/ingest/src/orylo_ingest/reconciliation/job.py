"""A reconciliation, and the limits of its range."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from orylo_common.ids import uuid7
from orylo_common.messages import ReconciliationState

# Stripe lists the events of 30 days: https://docs.stripe.com/api/events
LONGEST_AGO = timedelta(days=30)
# Newer events may still arrive as webhooks.
SETTLED_AFTER = timedelta(minutes=10)

Phase = Literal["events", "gateway_amounts", "received_amounts"]
# The phases in order, each with the next one.
NEXT_PHASE: dict[Phase, Phase | None] = {
    "events": "gateway_amounts",
    "gateway_amounts": "received_amounts",
    "received_amounts": None,
}


@dataclass(frozen=True, slots=True)
class ComparedRange:
    start: datetime
    end: datetime

    def settled(self, now: datetime) -> "ComparedRange":
        """Return the part that the gateway still lists and that is no longer arriving. It may be empty."""
        start = max(self.start, now - LONGEST_AGO)
        return ComparedRange(start, max(start, min(self.end, now - SETTLED_AFTER)))


@dataclass(frozen=True, slots=True)
class ReconciliationJob:
    """A row of ingest.reconciliations. `place` is where its phase continues, None at the start."""

    tenant_id: UUID
    id: UUID
    gateway: str
    range_start: datetime
    range_end: datetime
    dry_run: bool
    requested_by: str
    livemode: bool | None = None
    state: ReconciliationState = ReconciliationState.QUEUED
    phase: Phase = "events"
    place: str | None = None
    listed: int = 0
    known: int = 0
    not_subscribed: int = 0
    problem: str | None = None
    failures: int = 0
    revision: int = 1
    created_at: datetime | None = field(default=None)
    finished_at: datetime | None = None

    @property
    def range(self) -> ComparedRange:
        return ComparedRange(self.range_start, self.range_end)


def new_job(
    tenant_id: UUID,
    gateway: str,
    wanted: ComparedRange,
    *,
    now: datetime,
    requested_by: str,
    dry_run: bool,
    job_id: UUID | None = None,
) -> ReconciliationJob:
    """Return a reconciliation of the part of `wanted` that can be compared."""
    covered = wanted.settled(now)
    return ReconciliationJob(
        tenant_id, job_id or uuid7(), gateway, covered.start, covered.end, dry_run, requested_by, created_at=now
    )
