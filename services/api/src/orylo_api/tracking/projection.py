"""From `click.recorded` to rows of api.tracking_days, one per day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from orylo_api.read_models.effects import Effects
from orylo_common.messages import ClickRecorded
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.tables import Table


@dataclass(slots=True)
class TrackingDayRow:
    tenant_id: UUID
    day: date
    visits: int
    with_click_id: int
    checkouts: int
    leads: int
    with_consent: int
    without_consent: int
    first_at: datetime
    last_at: datetime


TRACKING_DAYS = Table("api.tracking_days", TrackingDayRow)

# `add` must agree with it.
ADD_VISITS = f"""
    {TRACKING_DAYS.insert}
    ON CONFLICT (tenant_id, day) DO UPDATE SET
        visits = stored.visits + EXCLUDED.visits, with_click_id = stored.with_click_id + EXCLUDED.with_click_id,
        checkouts = stored.checkouts + EXCLUDED.checkouts, leads = stored.leads + EXCLUDED.leads,
        with_consent = stored.with_consent + EXCLUDED.with_consent,
        without_consent = stored.without_consent + EXCLUDED.without_consent,
        first_at = least(stored.first_at, EXCLUDED.first_at), last_at = greatest(stored.last_at, EXCLUDED.last_at)
"""


class TrackingProjection:
    def __init__(self) -> None:
        self._rows: dict[tuple[UUID, date], TrackingDayRow] = {}

    def fold(self, click: ClickRecorded, effects: Effects) -> None:
        row = visit_row(click)
        known = self._rows.setdefault((row.tenant_id, row.day), row)
        if known is not row:
            add(known, row)

    async def write(self, connection: Connection) -> None:
        await TRACKING_DAYS.execute(connection, ADD_VISITS, self._rows.values())


def visit_row(click: ClickRecorded) -> TrackingDayRow:
    at, is_visit = click.occurred_at, click.kind != "lead"
    return TrackingDayRow(
        tenant_id=click.tenant_id,
        day=at.astimezone(UTC).date(),
        visits=int(is_visit),
        with_click_id=int(is_visit and bool(click.tracking.fbclid or click.tracking.fbc)),
        checkouts=int(click.kind == "checkout"),
        leads=int(click.kind == "lead"),
        with_consent=int(is_visit and click.consent is True),
        without_consent=int(is_visit and click.consent is False),
        first_at=at,
        last_at=at,
    )


def add(row: TrackingDayRow, other: TrackingDayRow) -> None:
    """Do to rows of one batch what ADD_VISITS does to stored ones: one statement cannot touch a row twice."""
    row.visits += other.visits
    row.with_click_id += other.with_click_id
    row.checkouts += other.checkouts
    row.leads += other.leads
    row.with_consent += other.with_consent
    row.without_consent += other.without_consent
    row.first_at, row.last_at = min(row.first_at, other.first_at), max(row.last_at, other.last_at)
