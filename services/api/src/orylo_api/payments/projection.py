"""Rows of api.payments_view, and what payments add to the counts."""

from collections.abc import Mapping
from uuid import UUID

from orylo_api.payments.link_keys import KEY_COLUMNS
from orylo_api.payments.row import PaymentRow, payment_row
from orylo_api.read_models.effects import Counter, Effects
from orylo_common.messages import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    Message,
    PaymentCanceled,
    PaymentFact,
    PaymentFailed,
    PaymentRefunded,
)
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.tables import Table

PAYMENTS = Table("api.payments_view", PaymentRow)

# Counted per event. Payments are counted by the rollups.
COUNTERS: Mapping[type[Message], Counter] = {
    PaymentFailed: "payments_failed",
    PaymentCanceled: "payments_canceled",
    PaymentRefunded: "payments_refunded",
    DisputeOpened: "disputes_opened",
    DisputeWon: "disputes_won",
    DisputeLost: "disputes_lost",
}

_COPIED_KEY = "coalesce(details -> '{0}', enriched #> '{{{0},1}}')::bigint"
# `merge` must agree with it.
UPSERT_PAYMENTS = f"""
    {PAYMENTS.insert}
    -- A message that is read again has the same key, and restores what it wrote.
    ON CONFLICT (tenant_id, payment_id) DO UPDATE SET
        state = CASE WHEN EXCLUDED.state_key >= stored.state_key THEN EXCLUDED.state ELSE stored.state END,
        updated_at = CASE WHEN EXCLUDED.state_key >= stored.state_key THEN EXCLUDED.updated_at
                          ELSE stored.updated_at END,
        state_key = greatest(EXCLUDED.state_key, stored.state_key),
        amount_minor = CASE WHEN EXCLUDED.details_key >= stored.details_key THEN EXCLUDED.amount_minor
                            ELSE stored.amount_minor END,
        currency = CASE WHEN EXCLUDED.details_key >= stored.details_key THEN EXCLUDED.currency
                        ELSE stored.currency END,
        details_key = greatest(EXCLUDED.details_key, stored.details_key),
        refunded_minor = greatest(EXCLUDED.refunded_minor, stored.refunded_minor),
        created_at = CASE WHEN (EXCLUDED.state_key < '0') = (stored.state_key < '0')
                          THEN least(EXCLUDED.created_at, stored.created_at)
                          WHEN stored.state_key < '0' THEN EXCLUDED.created_at ELSE stored.created_at END,
        reversals = api.merge_enriched(EXCLUDED.reversals, stored.reversals),
        (details, enriched, customer_id, {", ".join(KEY_COLUMNS)}) = (
            SELECT details, enriched,
                   -- Rows older than the column `enriched` have no customer among their details.
                   coalesce(
                       CASE WHEN details ? 'customer_id' THEN details ->> 'customer_id' ELSE stored.customer_id END,
                       enriched #>> '{{customer_id,1}}'
                   ),
                   {", ".join(_COPIED_KEY.format(name) for name in KEY_COLUMNS)}
            FROM (
                SELECT CASE WHEN EXCLUDED.details_key >= stored.details_key THEN EXCLUDED.details
                            ELSE stored.details END,
                       api.merge_enriched(EXCLUDED.enriched, stored.enriched)
            ) AS merged (details, enriched)
        )
"""  # noqa: S608


def merge(row: PaymentRow, other: PaymentRow) -> None:
    """Do to rows of one batch what UPSERT_PAYMENTS does to stored ones: one statement cannot touch a row twice."""
    if row.is_provisional == other.is_provisional:
        row.created_at = min(row.created_at, other.created_at)
    elif row.is_provisional:
        row.created_at = other.created_at
    if other.state_key > row.state_key:
        row.state, row.updated_at, row.state_key = other.state, other.updated_at, other.state_key
    if other.details_key > row.details_key:
        row.amount_minor, row.currency = other.amount_minor, other.currency
        row.details, row.details_key = other.details, other.details_key
    row.refunded_minor = max(row.refunded_minor, other.refunded_minor)
    for mine, others in ((row.enriched, other.enriched), (row.reversals, other.reversals)):
        for name, reported in others.items():
            mine[name] = max(mine.get(name, reported), reported)
    row.copy_details()


class PaymentProjection:
    def __init__(self) -> None:
        self._rows: dict[tuple[UUID, str], PaymentRow] = {}

    def fold(self, payment: PaymentFact, effects: Effects) -> None:
        tenant_id, payment_id, at = payment.tenant_id, payment.payment_id, payment.occurred_at
        row = payment_row(payment)
        known = self._rows.setdefault((tenant_id, payment_id), row)
        if known is not row:
            merge(known, row)
        effects.change_payment(tenant_id, payment_id)
        effects.count(tenant_id, at, "webhooks")
        if payment.test:
            return
        if counter := COUNTERS.get(type(payment)):
            effects.count(tenant_id, at, counter)

    async def write(self, connection: Connection) -> None:
        await PAYMENTS.execute(connection, UPSERT_PAYMENTS, self._rows.values())
