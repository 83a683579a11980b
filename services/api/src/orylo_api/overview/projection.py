"""Messages that are counted and leave no row of their own."""

from orylo_api.read_models.effects import Effects
from orylo_common.messages import PAGE, CheckoutFact, CheckoutStarted, ClickRecorded, FraudWarningReceived
from orylo_common.postgres.pool import Connection


class ActivityProjection:
    def fold(self, message: ClickRecorded | CheckoutFact | FraudWarningReceived, effects: Effects) -> None:
        tenant_id, at = message.tenant_id, message.occurred_at
        match message:
            case ClickRecorded():
                effects.count(tenant_id, at, "clicks")
            case FraudWarningReceived():
                # A warning changes no payment: it neither fails nor refunds it.
                effects.count(tenant_id, at, "webhooks")
                effects.count(tenant_id, at, "fraud_warnings")
            case CheckoutFact():
                if message.gateway != PAGE:
                    effects.count(tenant_id, at, "webhooks")
                if isinstance(message, CheckoutStarted):
                    effects.count(tenant_id, at, "checkouts")

    async def write(self, connection: Connection) -> None:
        """Write nothing: the batch's effects hold the counts."""
