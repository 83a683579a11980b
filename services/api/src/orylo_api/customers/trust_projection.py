"""From `trust.updated` to rows of api.trust_changes, and to the score and status of customers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orylo_api.customers.models import TrustChange
from orylo_api.read_models.effects import Effects
from orylo_api.read_models.keys import actor_id
from orylo_common.messages import TrustUpdated
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.tables import Table


@dataclass(slots=True)
class TrustChangeRow:
    tenant_id: UUID
    customer_id: str
    version: int
    score_before: int
    score_after: int
    status: str
    cause: str
    occurred_at: datetime
    reason: str | None
    actor: str | None
    payment_id: str | None
    # Of all causes with the start, before it is limited to 0 to 100.
    total: int | None
    # From here on, columns that only the customer's row has, except `start`.
    start: int | None
    causes: dict[str, int] | None
    status_expires_at: datetime | None
    # Of the user or the API key, where the actor is one.
    actor_id: UUID | None


TRUST_CHANGES = Table("api.trust_changes", TrustChangeRow, key_length=3)
_columns_shown = TRUST_CHANGES.reader(TrustChange.model_fields)

UPDATE_TRUST = f"""
    UPDATE api.customers_view AS stored
    SET trust_score = given.score_after, status = given.status, version = given.version, updated_at = given.occurred_at,
        trust_start = given.start, trust_causes = given.causes, status_expires_at = given.status_expires_at
    FROM {TRUST_CHANGES.unnest}
    WHERE stored.tenant_id = given.tenant_id AND stored.customer_id = given.customer_id
      AND given.version > stored.version
"""  # noqa: S608

# Messages name an actor by id; people know users by their email addresses and API keys by their names.
INSERT_TRUST_CHANGES = f"""
    INSERT INTO api.trust_changes (
        tenant_id, customer_id, version, score_before, score_after, status, cause, occurred_at, reason, actor,
        payment_id, total, start
    )
    SELECT given.tenant_id, given.customer_id, given.version, given.score_before, given.score_after, given.status,
           given.cause, given.occurred_at, given.reason, coalesce(u.email, k.name, given.actor),
           given.payment_id, given.total, given.start
    FROM {TRUST_CHANGES.unnest}
    LEFT JOIN control.users AS u ON u.tenant_id = given.tenant_id AND u.id = given.actor_id
    LEFT JOIN control.api_keys AS k ON k.tenant_id = given.tenant_id AND k.id = given.actor_id
    ON CONFLICT DO NOTHING
"""  # noqa: S608


class TrustProjection:
    """Follows the customers' rows: they must be there to be updated."""

    def __init__(self) -> None:
        self._rows: list[TrustChangeRow] = []
        self._latest: dict[tuple[UUID, str], TrustChangeRow] = {}

    def fold(self, trust: TrustUpdated, effects: Effects) -> None:
        row = trust_change_row(trust)
        self._rows.append(row)
        key = (row.tenant_id, row.customer_id)
        latest = self._latest.get(key)
        if latest is None or row.version > latest.version:
            self._latest[key] = row
        effects.stream(row.tenant_id, b"trust.updated", _columns_shown(row) | {"trust_score": row.score_after})

    async def write(self, connection: Connection) -> None:
        await TRUST_CHANGES.execute(connection, UPDATE_TRUST, self._latest.values())
        await TRUST_CHANGES.execute(connection, INSERT_TRUST_CHANGES, self._rows)


def trust_change_row(trust: TrustUpdated) -> TrustChangeRow:
    return TrustChangeRow(
        tenant_id=trust.tenant_id,
        customer_id=trust.customer_id,
        version=trust.version,
        score_before=trust.score_before,
        score_after=trust.score_after,
        status=trust.status,
        cause=trust.cause,
        occurred_at=trust.occurred_at,
        reason=trust.reason,
        actor=trust.actor,
        payment_id=trust.payment_id,
        total=None if trust.start is None else trust.start + sum(each.points for each in trust.causes),
        start=trust.start,
        causes=None if trust.start is None else {each.cause: each.points for each in trust.causes},
        status_expires_at=trust.status_expires_at,
        actor_id=actor_id(trust.actor),
    )
