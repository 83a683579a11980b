"""What dispatch tells the others about a conversion."""

from datetime import datetime
from typing import Any
from uuid import UUID

from orylo_common.broker.ports import Outgoing
from orylo_common.ids import uuid7
from orylo_common.messages import ConversionFact, encode
from orylo_dispatch.conversions.facts import Delivery

# Written with the rows that they tell about.
INSERT_OUTBOX = """
    INSERT INTO dispatch.outbox (message_id, type, body) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])
"""


def announce(
    message_class: type[ConversionFact],
    delivery: Delivery,
    *,
    now: datetime,
    causation_id: UUID | None = None,
    **more: Any,
) -> Outgoing:
    message = message_class(
        message_id=uuid7(),
        tenant_id=delivery.tenant_id,
        correlation_id=delivery.correlation_id,
        causation_id=causation_id,
        occurred_at=now,
        conversion_id=delivery.delivery_id,
        event_id=delivery.event_id,
        payment_id=delivery.payment_id,
        destination_id=delivery.destination_id,
        destination=delivery.destination_kind,
        event_name=delivery.event_name,
        match=delivery.match,
        amount_minor=delivery.amount_minor,
        currency=delivery.currency,
        **more,
    )
    return Outgoing(message.message_id, message.type, encode(message, traceparent=delivery.traceparent))


def outbox_columns(messages: list[Outgoing]) -> tuple[list[UUID], list[str], list[bytes]]:
    return (
        [message.message_id for message in messages],
        [message.type for message in messages],
        [message.body for message in messages],
    )
