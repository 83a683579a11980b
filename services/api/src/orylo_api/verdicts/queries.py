from collections.abc import Collection
from typing import NamedTuple

from orylo_api.onboarding.sample_sales import SAMPLE_PAYMENT_IDS
from orylo_common.messages import PaymentVerdict
from orylo_common.postgres.pool import Connection

SELECT_JUDGED = """
    SELECT payment_id, p.customer_id, e.verdict, e.verdict_reason
    FROM unnest($1::text[]) AS asked (payment_id)
    JOIN api.payments_view AS p USING (payment_id)
    LEFT JOIN api.fraud_evidence AS e USING (tenant_id, payment_id)
"""
# In one order, so that two callers do not wait for each other.
LOCK_VERDICTS = """
    SELECT pg_advisory_xact_lock(hashtextextended('verdict ' || payment_id, 0))
    FROM (SELECT unnest($1::text[]) AS payment_id ORDER BY 1) AS sorted
"""
# The read model follows a verdict within moments, and the audit log has it at once.
SELECT_NEWEST_VERDICTS = """
    SELECT asked.payment_id, newest.verdict
    FROM unnest($1::text[]) AS asked (payment_id)
    JOIN LATERAL (
        SELECT verdict FROM (
            (SELECT after ->> 'verdict' AS verdict, at FROM control.audit_log
             WHERE subject = 'payment ' || asked.payment_id AND action = 'payment.give_verdict'
             ORDER BY id DESC LIMIT 1)
            UNION ALL
            SELECT verdict, verdict_at FROM api.fraud_evidence
            WHERE payment_id = asked.payment_id AND verdict IS NOT NULL
        ) AS given ORDER BY at DESC LIMIT 1
    ) AS newest ON true
"""


class PaymentToJudge(NamedTuple):
    """A payment's customer and its verdict, `withdrawn` if it has none."""

    customer_id: str | None
    verdict: PaymentVerdict = PaymentVerdict.WITHDRAWN
    reason: str | None = None

    def stays(self, verdict: PaymentVerdict, reason: str | None) -> bool:
        """Return whether giving a verdict would change nothing."""
        return self.verdict is verdict and reason in (None, self.reason)


async def find_judged(connection: Connection, payment_ids: Collection[str]) -> dict[str, PaymentToJudge]:
    """Return those of the payments that exist and are no sample sales, which other services do not know."""
    judged = [payment_id for payment_id in payment_ids if payment_id not in SAMPLE_PAYMENT_IDS]
    return {
        payment_id: PaymentToJudge(customer_id, PaymentVerdict(verdict or PaymentVerdict.WITHDRAWN), reason)
        for payment_id, customer_id, verdict, reason in await connection.fetch(SELECT_JUDGED, judged)
    }


async def lock_verdicts(connection: Connection, payment_ids: Collection[str]) -> dict[str, PaymentVerdict]:
    """Return the newest verdict of each payment. Until the transaction ends, others wait that ask the same."""
    asked = list(payment_ids)
    await connection.execute(LOCK_VERDICTS, asked)
    rows = await connection.fetch(SELECT_NEWEST_VERDICTS, asked)
    newest = {row["payment_id"]: row["verdict"] for row in rows}
    return {each: PaymentVerdict(newest.get(each) or PaymentVerdict.WITHDRAWN) for each in asked}
