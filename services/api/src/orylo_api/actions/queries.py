from orylo_api.actions.models import PaymentAction
from orylo_common.postgres.pool import Connection

SELECT_ACTIONS = "SELECT * FROM api.actions_view WHERE payment_id = $1 ORDER BY created_at, id"


async def actions_of_payment(connection: Connection, payment_id: str) -> list[PaymentAction]:
    """Return the actions on a payment, oldest first."""
    return [PaymentAction.from_row(row) for row in await connection.fetch(SELECT_ACTIONS, payment_id)]
