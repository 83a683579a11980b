from orylo_api.payments.enrichment import fill_in
from orylo_api.payments.models import Payment
from orylo_common.postgres.pool import Connection

SELECT_PAYMENT = "SELECT * FROM api.payments_view WHERE payment_id = $1"


async def find_payment(connection: Connection, payment_id: str) -> Payment | None:
    row = await connection.fetchrow(SELECT_PAYMENT, payment_id)
    if row is None:
        return None
    return Payment.from_row(row, id=payment_id, **fill_in(row["details"], row["enriched"]))
