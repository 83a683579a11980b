"""A batch's additions to the tables that all subjects share: counts of messages, rollups and the stream."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from orylo_api.read_models.claims import Claims
from orylo_api.read_models.keys import minute_of
from orylo_api.read_models.rollups import BUCKET, KEPT, RollupChanges, grain_rows
from orylo_api.read_models.stream_events import encode_event, write_stream_events
from orylo_common.postgres.pool import Connection

# Columns of api.rollups.
Counter = Literal[
    "webhooks",
    "clicks",
    "checkouts",
    "detections_allow",
    "detections_review",
    "detections_block",
    "detections_degraded",
    "payments_failed",
    "payments_canceled",
    "payments_refunded",
    "disputes_opened",
    "disputes_won",
    "disputes_lost",
    "fraud_warnings",
    "dead_letters",
]
GRAINS = ("minute", "quarter", "hour")
COUNTERS: tuple[str, ...] = get_args(Counter)
_COUNTER_POSITIONS = {name: position for position, name in enumerate(COUNTERS)}

_COUNTER_ARRAYS = ", ".join(f"${position}::integer[]" for position in range(3, 3 + len(COUNTERS)))
ADD_COUNTS = f"""
    INSERT INTO api.rollups AS r (tenant_id, grain, bucket, {", ".join(COUNTERS)})
    SELECT tenant_id, grain, {BUCKET} AS bucket, {", ".join(f"sum({name})" for name in COUNTERS)}
    FROM unnest($1::uuid[], $2::timestamptz[], {_COUNTER_ARRAYS}) AS n (tenant_id, at, {", ".join(COUNTERS)})
    CROSS JOIN {grain_rows(GRAINS)} WHERE {KEPT}
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (tenant_id, grain, bucket) DO UPDATE SET
        {", ".join(f"{name} = r.{name} + EXCLUDED.{name}" for name in COUNTERS)}
"""  # noqa: S608


class Effects:
    """One batch's counts and stream events, by tenant; the payments and conversions it changes; and its claims."""

    def __init__(self, claims: Claims) -> None:
        self.claims = claims
        self._counts: defaultdict[tuple[UUID, datetime], list[int]] = defaultdict(lambda: [0] * len(COUNTERS))
        self._stream: defaultdict[UUID, list[bytes]] = defaultdict(list)
        self._payments: set[tuple[UUID, str]] = set()
        self._conversions: set[tuple[UUID, UUID]] = set()

    def count(self, tenant_id: UUID, at: datetime, counter: Counter, by: int = 1) -> None:
        self._counts[tenant_id, minute_of(at)][_COUNTER_POSITIONS[counter]] += by

    def change_payment(self, tenant_id: UUID, payment_id: str) -> None:
        """Have the rollups follow what the batch changes of a payment: its row, decision, verdict or action."""
        self._payments.add((tenant_id, payment_id))

    def change_conversion(self, tenant_id: UUID, conversion_id: UUID) -> None:
        self._conversions.add((tenant_id, conversion_id))

    def rollup_changes(self) -> RollupChanges:
        return RollupChanges(self._payments, self._conversions)

    def stream(self, tenant_id: UUID, event: bytes, data: Mapping[str, Any]) -> None:
        """Send an event to the tenant's open streams. `data` is what the API returns for the same thing.

        The type is one of `stream/event_types.py`.
        """
        self._stream[tenant_id].append(encode_event(event, data))

    async def write(self, connection: Connection) -> None:
        if rows := [(*key, *counts) for key, counts in self._counts.items()]:
            await connection.execute(ADD_COUNTS, *zip(*rows, strict=True))
        await write_stream_events(connection, self._stream)
