import asyncpg

from orylo_api.actions.queries import actions_of_payment
from orylo_api.payments.enrichment import fill_in
from orylo_api.payments.models import Payment, PaymentDecision, PaymentState
from orylo_api.payments.reversals import Outcome, outcome_of
from orylo_common.postgres.pool import Connection

SELECT_PAYMENT = "SELECT * FROM api.payments_view WHERE payment_id = $1"
SELECT_DECISION = """
    SELECT id, decision, risk_score, version, created_at FROM api.detections_view WHERE payment_id = $1
    ORDER BY version DESC, id DESC LIMIT 1
"""


async def find_payment(connection: Connection, payment_id: str) -> Payment | None:
    row = await connection.fetchrow(SELECT_PAYMENT, payment_id)
    if row is None:
        return None
    shown = {**row, **outcome_of_row(row)._asdict()}
    decided = await connection.fetchrow(SELECT_DECISION, payment_id)
    decision = None if decided is None else PaymentDecision.from_row(decided)
    actions = await actions_of_payment(connection, payment_id)
    details = fill_in(row["details"], row["enriched"])
    return Payment.from_row(shown, id=payment_id, decision=decision, actions=actions, **details)


def outcome_of_row(row: asyncpg.Record) -> Outcome:
    """Return the state and the refunded amount to show for a row of api.payments_view."""
    return outcome_of(PaymentState(row["state"]), row["updated_at"], row["refunded_minor"], row["reversals"])
