"""The port between the delivery engine and the owner of what it delivers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from orylo_common.broker.ports import Outgoing
from orylo_dispatch.domain.attempt import DeliveryAttempt


class Deliverable(Protocol):
    """What one delivery carries. The engine hands the payload to a sink and publishes the messages."""

    @property
    def payload(self) -> Any:
        """The stored content, for the sink to encode."""

    @property
    def traceparent(self) -> str | None:
        """The trace of the message that caused it."""

    @property
    def log_fields(self) -> Mapping[str, str]:
        """The ids that identify it in a log line."""

    def dispatched(self, attempt: DeliveryAttempt, *, attempts: int, now: datetime) -> Outgoing:
        """Return the message that the destination confirmed the delivery, with `attempt`."""

    def failed(self, *, attempts: int, code: str | None, reason: str | None, now: datetime) -> Outgoing:
        """Return the message that no further attempt will be made."""


@dataclass(frozen=True, slots=True)
class DeliverableColumns:
    """The owner's table, named `d`: its columns, and how to read a deliverable from their values.

    The table also has the columns of the schedule, which the engine reads and writes (see `queue.py`).
    """

    table: str
    sql: str
    read: Callable[..., Deliverable]
