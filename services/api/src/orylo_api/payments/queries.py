import asyncpg

from orylo_api.actions.queries import actions_of_payment
from orylo_api.payments.enrichment import fill_in
from orylo_api.payments.models import Payment, PaymentDecision, PaymentState
from orylo_api.payments.reversals import Outcome, outcome_of
from orylo_api.verdicts.models import Verdict
from orylo_common.messages import PaymentVerdict
from orylo_common.postgres.pool import Connection

SELECT_PAYMENT = """
    SELECT p.*, e.verdict AS given, e.verdict_reason, e.verdict_actor, e.verdict_at
    FROM api.payments_view AS p LEFT JOIN api.fraud_evidence AS e USING (tenant_id, payment_id)
    WHERE p.payment_id = $1
"""
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
    return Payment.from_row(
        shown,
        id=payment_id,
        decision=decision,
        verdict=verdict_of_row(row),
        actions=await actions_of_payment(connection, payment_id),
        **fill_in(row["details"], row["enriched"]),
    )


def verdict_of_row(row: asyncpg.Record) -> Verdict | None:
    if row["given"] in (None, PaymentVerdict.WITHDRAWN):
        return None
    return Verdict(
        verdict=row["given"], reason=row["verdict_reason"], actor=row["verdict_actor"], given_at=row["verdict_at"]
    )


def outcome_of_row(row: asyncpg.Record) -> Outcome:
    """Return the state and the refunded amount to show for a row of api.payments_view."""
    return outcome_of(PaymentState(row["state"]), row["updated_at"], row["refunded_minor"], row["reversals"])
