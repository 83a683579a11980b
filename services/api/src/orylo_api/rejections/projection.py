"""Rows of api.rejections_view: what was turned away at the door, by gateway, reason and minute."""

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID, uuid5

from orylo_common.messages import WebhookRejected

# Namespace of the rows' ids.
REFUSALS = UUID("0f0f1a5e-0a77-5b0e-9a53-6f72796c6f02")

ADD_REJECTIONS = """
    INSERT INTO api.rejections_view AS r (
        tenant_id, id, gateway, code, count, first_at, last_at, status, reason, remote, size, created_at
    )
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::timestamptz[],
        $8::smallint[], $9::text[], $10::text[], $11::bigint[], $12::timestamptz[]
    )
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        count = r.count + EXCLUDED.count,
        first_at = least(r.first_at, EXCLUDED.first_at),
        last_at = greatest(r.last_at, EXCLUDED.last_at),
        status = CASE WHEN EXCLUDED.last_at > r.last_at THEN EXCLUDED.status ELSE r.status END,
        reason = CASE WHEN EXCLUDED.last_at > r.last_at THEN EXCLUDED.reason ELSE r.reason END,
        remote = CASE WHEN EXCLUDED.last_at > r.last_at THEN EXCLUDED.remote ELSE r.remote END,
        size = CASE WHEN EXCLUDED.last_at > r.last_at THEN EXCLUDED.size ELSE r.size END
"""


@dataclass(slots=True)
class RejectionRow:
    gateway: str
    code: str
    count: int
    first_at: datetime
    last_at: datetime
    status: int
    reason: str
    remote: str | None
    size: int
    created_at: datetime

    def merge(self, other: "RejectionRow") -> None:
        """As ADD_REJECTIONS does, for two messages of one batch."""
        self.count += other.count
        self.first_at = min(self.first_at, other.first_at)
        if other.last_at > self.last_at:
            self.last_at, self.status, self.reason = other.last_at, other.status, other.reason
            self.remote, self.size = other.remote, other.size


def rejection_row(refused: WebhookRejected) -> tuple[UUID, RejectionRow]:
    """The id of the row that the message belongs to, and what it brings to it."""
    minute = refused.occurred_at.replace(second=0, microsecond=0)
    row = RejectionRow(
        gateway=refused.gateway,
        code=refused.code,
        count=refused.count,
        first_at=refused.first_at,
        last_at=refused.occurred_at,
        status=refused.status,
        reason=refused.reason,
        remote=refused.remote,
        size=refused.size,
        created_at=minute,
    )
    return uuid5(REFUSALS, f"{refused.tenant_id}|{refused.gateway}|{refused.code}|{minute.isoformat()}"), row


def rejection_columns(rows: dict[tuple[UUID, UUID], RejectionRow]) -> list[tuple[Any, ...]]:
    return [(*key, *_VALUES(row)) for key, row in sorted(rows.items(), key=itemgetter(0))]


_VALUES = attrgetter(*RejectionRow.__slots__)
