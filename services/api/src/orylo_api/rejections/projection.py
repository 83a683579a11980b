"""From `webhook.rejected` to rows of api.rejections_view, one per gateway, code and minute."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from orylo_api.read_models.effects import Effects
from orylo_api.read_models.keys import minute_of
from orylo_api.webhooks.models import WebhookRefusal
from orylo_common.messages import WebhookRejected
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.tables import Table

# Never change it: rejections of one minute would be split over two rows.
NAMESPACE = UUID("0f0f1a5e-0a77-5b0e-9a53-6f72796c6f02")


@dataclass(slots=True)
class RejectionRow:
    tenant_id: UUID
    id: UUID
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


REJECTIONS = Table("api.rejections_view", RejectionRow)

# `merge` must agree with it.
ADD_REJECTIONS = f"""
    {REJECTIONS.insert}
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        count = stored.count + EXCLUDED.count,
        first_at = least(stored.first_at, EXCLUDED.first_at),
        last_at = greatest(stored.last_at, EXCLUDED.last_at),
        status = CASE WHEN EXCLUDED.last_at > stored.last_at THEN EXCLUDED.status ELSE stored.status END,
        reason = CASE WHEN EXCLUDED.last_at > stored.last_at THEN EXCLUDED.reason ELSE stored.reason END,
        remote = CASE WHEN EXCLUDED.last_at > stored.last_at THEN EXCLUDED.remote ELSE stored.remote END,
        size = CASE WHEN EXCLUDED.last_at > stored.last_at THEN EXCLUDED.size ELSE stored.size END
"""


def merge(row: RejectionRow, other: RejectionRow) -> None:
    """Do to rows of one batch what ADD_REJECTIONS does to stored ones: one statement cannot touch a row twice."""
    row.count += other.count
    row.first_at = min(row.first_at, other.first_at)
    if other.last_at > row.last_at:
        row.last_at, row.status, row.reason = other.last_at, other.status, other.reason
        row.remote, row.size = other.remote, other.size


class RejectionProjection:
    def __init__(self) -> None:
        self._rows: dict[UUID, RejectionRow] = {}

    def fold(self, rejected: WebhookRejected, effects: Effects) -> None:
        effects.stream(rejected.tenant_id, b"webhook.refused", refusal_of(rejected).model_dump())
        row = rejection_row(rejected)
        known = self._rows.setdefault(row.id, row)
        if known is not row:
            merge(known, row)

    async def write(self, connection: Connection) -> None:
        await REJECTIONS.execute(connection, ADD_REJECTIONS, self._rows.values())


def refusal_of(rejected: WebhookRejected) -> WebhookRefusal:
    return WebhookRefusal(
        gateway=rejected.gateway,
        status=rejected.status,
        code=rejected.code,
        reason=rejected.reason,
        count=rejected.count,
        remote=rejected.remote,
        refused_at=rejected.occurred_at,
    )


def rejection_row(rejected: WebhookRejected) -> RejectionRow:
    minute = minute_of(rejected.occurred_at)
    return RejectionRow(
        tenant_id=rejected.tenant_id,
        id=uuid5(NAMESPACE, f"{rejected.tenant_id}|{rejected.gateway}|{rejected.code}|{minute.isoformat()}"),
        gateway=rejected.gateway,
        code=rejected.code,
        count=rejected.count,
        first_at=rejected.first_at,
        last_at=rejected.occurred_at,
        status=rejected.status,
        reason=rejected.reason,
        remote=rejected.remote,
        size=rejected.size,
        created_at=minute,
    )
