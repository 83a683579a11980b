"""Messages about reconciliations: comparisons of a gateway's own records with what was received from it."""

from datetime import date
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from orylo_common.messages.message import Message, Value


class ReconciliationState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class AmountKind(StrEnum):
    CHARGE = "charge"
    REFUND = "refund"
    DISPUTE = "dispute"
    # What the gateway keeps. Webhooks do not report fees, so nothing was received to compare them with.
    FEE = "fee"


class ReconciledAmount(Value):
    """The sums of one kind, currency and day (UTC). Minor units. `day` is None for the whole range."""

    kind: AmountKind
    currency: str
    day: date | None = None
    gateway_minor: int = Field(description="according to the gateway")
    received_minor: int | None = Field(default=None, description="according to what was received; None for fees")
    gateway_count: int = Field(ge=0)
    received_count: int = Field(ge=0)


class FetchedEvent(Value):
    """An event that was missing, and was fetched; with a dry run, would be."""

    gateway_event_id: str
    gateway_event_type: str


class ReconciledEvents(Value):
    """Counts of the gateway's events in the range."""

    listed: int = Field(default=0, ge=0)
    known: int = Field(default=0, ge=0, description="received before")
    missing: int = Field(default=0, ge=0, description="not received, though they should have been")
    fetched: int = Field(default=0, ge=0, description="missing and fetched; 0 with a dry run")
    not_subscribed: int = Field(default=0, ge=0, description="of types that the endpoint does not send")


class ReconciliationRequested(Message):
    """A user asks to compare a gateway's records of a range with what was received."""

    type: Literal["reconciliation.requested.v1"] = "reconciliation.requested.v1"
    source: ClassVar[str] = "orylo/api"

    reconciliation_id: UUID
    gateway: str
    range_start: AwareDatetime
    range_end: AwareDatetime
    dry_run: bool
    actor: str

    @property
    def subject(self) -> str:
        return str(self.reconciliation_id)


class ReconciliationChanged(Message):
    """The progress of a reconciliation, or its result. A consumer keeps the highest `revision` that it received."""

    type: Literal["reconciliation.changed.v1"] = "reconciliation.changed.v1"
    source: ClassVar[str] = "orylo/ingest"

    reconciliation_id: UUID
    revision: int = Field(ge=1)
    gateway: str
    livemode: bool | None = Field(default=None, description="the mode of the key; None before there is one")
    range_start: AwareDatetime
    range_end: AwareDatetime
    dry_run: bool
    requested_by: str
    requested_at: AwareDatetime
    state: ReconciliationState
    finished_at: AwareDatetime | None = None
    problem: str | None = Field(default=None, description="why it failed, or which part could not be compared")
    events: ReconciledEvents
    fetched: tuple[FetchedEvent, ...] = Field(default=(), description="the first of the missing events")
    totals: tuple[ReconciledAmount, ...] = Field(default=(), description="by kind and currency")
    differences: tuple[ReconciledAmount, ...] = Field(default=(), description="the first days whose sums differ")

    @property
    def subject(self) -> str:
        return str(self.reconciliation_id)
