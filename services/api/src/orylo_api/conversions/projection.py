"""From dispatch's messages about conversions to rows of api.conversions_view."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from orylo_api.conversions.models import Conversion, ConversionStatus
from orylo_api.read_models.effects import Effects
from orylo_api.read_models.keys import sort_key, uuid7_time
from orylo_common.messages import (
    ConversionCorrectionChanged,
    ConversionDispatched,
    ConversionFact,
    ConversionFailed,
    ConversionMatched,
    ConversionSuppressed,
    Message,
)
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.tables import Table

_STATUS_RANKS = {
    ConversionStatus.PENDING: 0,
    ConversionStatus.SUPPRESSED: 1,
    ConversionStatus.FAILED: 2,
    # Delivered stays delivered, whatever arrives later.
    ConversionStatus.DISPATCHED: 3,
}


EVENTS: Mapping[type[Message], bytes] = {
    ConversionMatched: b"conversion.matched",
    ConversionSuppressed: b"conversion.suppressed",
    ConversionDispatched: b"conversion.dispatched",
    ConversionFailed: b"conversion.failed",
    ConversionCorrectionChanged: b"conversion.correction_changed",
}


@dataclass(frozen=True, slots=True)
class ConversionRow:
    """Of two rows with one id, the one with the higher `status_key` is kept."""

    tenant_id: UUID
    id: UUID
    event_id: str
    payment_id: str
    destination: str
    destination_id: UUID
    event_name: str
    status: str
    match_method: str
    match_confidence: float
    match_click_id: str | None
    match_tried: Any
    match_utm: Any
    attempts: int
    reason: str | None
    code: str | None
    amount_minor: int
    currency: str
    created_at: datetime
    updated_at: datetime
    status_key: str
    correction: str | None
    correction_version: int


CONVERSIONS = Table("api.conversions_view", ConversionRow)
_columns_shown = CONVERSIONS.reader(Conversion.model_fields)

UPSERT_CONVERSIONS = f"""
    {CONVERSIONS.insert}
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        status = EXCLUDED.status, match_method = EXCLUDED.match_method,
        match_confidence = EXCLUDED.match_confidence, match_click_id = EXCLUDED.match_click_id,
        match_tried = EXCLUDED.match_tried, match_utm = EXCLUDED.match_utm,
        attempts = EXCLUDED.attempts, reason = EXCLUDED.reason, code = EXCLUDED.code,
        updated_at = EXCLUDED.updated_at, status_key = EXCLUDED.status_key
    WHERE EXCLUDED.status_key > stored.status_key
"""


# The row exists unless this message overtook the others.
UPSERT_CORRECTIONS = f"""
    {CONVERSIONS.insert}
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        correction = EXCLUDED.correction, correction_version = EXCLUDED.correction_version
    WHERE EXCLUDED.correction_version > stored.correction_version
"""


class ConversionProjection:
    def __init__(self) -> None:
        self._rows: dict[tuple[UUID, UUID], ConversionRow] = {}
        self._corrections: dict[tuple[UUID, UUID], ConversionRow] = {}

    def fold(self, conversion: ConversionFact, effects: Effects) -> None:
        row = conversion_row(conversion)
        key = (row.tenant_id, row.id)
        effects.change_conversion(*key)
        if isinstance(conversion, ConversionCorrectionChanged):
            corrected = self._corrections.get(key)
            if corrected is None or row.correction_version > corrected.correction_version:
                self._corrections[key] = row
        else:
            known = self._rows.get(key)
            if known is None or row.status_key > known.status_key:
                self._rows[key] = row
        effects.stream(row.tenant_id, EVENTS[type(conversion)], _shown(row))

    async def write(self, connection: Connection) -> None:
        await CONVERSIONS.execute(connection, UPSERT_CONVERSIONS, self._rows.values())
        await CONVERSIONS.execute(connection, UPSERT_CORRECTIONS, self._corrections.values())


def conversion_row(conversion: ConversionFact) -> ConversionRow:
    at, match = conversion.occurred_at, conversion.match
    status, attempts, reason, code = _outcome(conversion)
    return ConversionRow(
        tenant_id=conversion.tenant_id,
        id=conversion.conversion_id,
        event_id=conversion.event_id,
        payment_id=conversion.payment_id,
        destination=conversion.destination,
        destination_id=conversion.destination_id,
        event_name=conversion.event_name,
        status=status,
        match_method=match.method,
        match_confidence=match.confidence,
        match_click_id=match.click_id,
        match_tried=match.tried,
        match_utm=match.utm.model_dump(exclude_none=True) if match.utm else None,
        attempts=attempts,
        reason=reason,
        code=code,
        amount_minor=conversion.amount_minor,
        currency=conversion.currency,
        created_at=uuid7_time(conversion.conversion_id, at),
        updated_at=at,
        status_key=_status_key(conversion, status, attempts),
        correction=conversion.correction if isinstance(conversion, ConversionCorrectionChanged) else None,
        correction_version=conversion.decision_version if isinstance(conversion, ConversionCorrectionChanged) else 0,
    )


def _status_key(conversion: ConversionFact, status: ConversionStatus, attempts: int) -> str:
    """Return a text that sorts by the decision in effect, then by rank and time."""
    if isinstance(conversion, ConversionCorrectionChanged):
        # Any other message knows the status better.
        return ""
    key = sort_key(_STATUS_RANKS[status], conversion.occurred_at, f"{attempts:06}|{conversion.message_id}")
    if status is ConversionStatus.DISPATCHED or not conversion.decision_version:
        return key
    # After every key without a version, and before those of delivered conversions.
    return f"2~{conversion.decision_version:06}|{key}"


def _outcome(conversion: ConversionFact) -> tuple[ConversionStatus, int, str | None, str | None]:
    """Return the status, attempts, reason and code."""
    match conversion:
        case ConversionMatched():
            return ConversionStatus.PENDING, 0, None, None
        case ConversionCorrectionChanged():
            return ConversionStatus.DISPATCHED, 0, None, None
        case ConversionDispatched():
            return ConversionStatus.DISPATCHED, conversion.attempts, None, None
        case ConversionFailed():
            return ConversionStatus.FAILED, conversion.attempts, conversion.reason, conversion.code
        case ConversionSuppressed():
            return ConversionStatus.SUPPRESSED, 0, conversion.reason, None
    raise TypeError(f"no status for {conversion.type}")


def _shown(row: ConversionRow) -> dict[str, Any]:
    match = {
        "method": row.match_method,
        "confidence": row.match_confidence,
        "click_id": row.match_click_id,
        "tried": row.match_tried,
        "utm": row.match_utm,
    }
    # What it waits for is the state of its destination, which changes without an event of the conversion.
    return _columns_shown(row) | {"match": match, "waiting_for": None}
