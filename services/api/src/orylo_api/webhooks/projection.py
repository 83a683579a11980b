"""From messages to stream events about received webhooks. Writes no rows: ingest stores the webhooks."""

from datetime import datetime
from uuid import UUID

from orylo_api.read_models.effects import Effects
from orylo_api.read_models.keys import uuid7_time
from orylo_api.webhooks.models import WebhookReceipt, WebhookState
from orylo_common.messages import PAGE, GatewayFact, PaymentEnriched, WebhookQuarantined
from orylo_common.postgres.pool import Connection


class WebhookReceiptProjection:
    """Sends one `webhook.accepted` for each gateway of a batch, however many webhooks it holds."""

    def __init__(self) -> None:
        self._receipts: dict[tuple[UUID, str], WebhookReceipt] = {}
        self._effects: Effects | None = None

    def fold(self, message: GatewayFact | WebhookQuarantined, effects: Effects) -> None:
        if message.gateway == PAGE:
            return
        self._effects = effects
        key = message.tenant_id, message.gateway
        known = self._receipts.get(key)
        receipt = receipt_of(message, count=known.count + 1 if known else 1)
        newest = receipt if known is None or receipt.received_at >= known.received_at else known
        self._receipts[key] = newest.model_copy(update={"count": receipt.count})

    async def write(self, connection: Connection) -> None:
        """Write nothing: the batch's effects hold the events."""
        for (tenant_id, _), receipt in self._receipts.items():
            if self._effects is not None:
                self._effects.stream(tenant_id, b"webhook.accepted", receipt.model_dump())


def receipt_of(message: GatewayFact | WebhookQuarantined, *, count: int) -> WebhookReceipt:
    return WebhookReceipt(
        gateway=message.gateway,
        type=message.gateway_event_type,
        state=_state_of(message),
        webhook_id=message.event_id,
        payment_id=getattr(message, "payment_id", None),
        test=isinstance(message, GatewayFact) and message.test,
        count=count,
        received_at=_received_at(message),
    )


def _state_of(message: GatewayFact | WebhookQuarantined) -> WebhookState:
    if isinstance(message, WebhookQuarantined):
        return WebhookState(message.kind)
    return WebhookState.ALREADY_REPORTED if isinstance(message, PaymentEnriched) else WebhookState.ACCEPTED


def _received_at(message: GatewayFact | WebhookQuarantined) -> datetime:
    return uuid7_time(message.message_id, message.occurred_at)
