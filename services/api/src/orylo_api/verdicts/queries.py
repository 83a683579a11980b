from collections.abc import Collection
from typing import NamedTuple

from orylo_common.messages import PaymentVerdict
from orylo_common.postgres.pool import Connection

SELECT_JUDGED = """
    SELECT payment_id, p.customer_id, e.verdict, e.verdict_reason
    FROM unnest($1::text[]) AS asked (payment_id)
    JOIN api.payments_view AS p USING (payment_id)
    LEFT JOIN api.fraud_evidence AS e USING (tenant_id, payment_id)
"""


class JudgedPayment(NamedTuple):
    """A payment's customer and its verdict, `withdrawn` if it has none."""

    customer_id: str | None
    verdict: PaymentVerdict = PaymentVerdict.WITHDRAWN
    reason: str | None = None

    def stays(self, verdict: PaymentVerdict, reason: str | None) -> bool:
        """Return whether giving a verdict would change nothing."""
        return self.verdict is verdict and reason in (None, self.reason)


async def find_judged(connection: Connection, payment_ids: Collection[str]) -> dict[str, JudgedPayment]:
    """Return those of the payments that exist."""
    return {
        payment_id: JudgedPayment(customer_id, PaymentVerdict(verdict or PaymentVerdict.WITHDRAWN), reason)
        for payment_id, customer_id, verdict, reason in await connection.fetch(SELECT_JUDGED, list(payment_ids))
    }
