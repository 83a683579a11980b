"""The message that gives a verdict, for the endpoints and for the `orylo` command."""

from datetime import datetime
from uuid import UUID

from orylo_common.ids import uuid7
from orylo_common.messages import PaymentVerdict, VerdictGiven


def verdict_given(
    tenant_id: UUID,
    payment_id: str,
    customer_id: str | None,
    verdict: PaymentVerdict,
    reason: str | None,
    *,
    actor: str,
    now: datetime,
) -> VerdictGiven:
    message_id = uuid7()
    return VerdictGiven(
        message_id=message_id,
        correlation_id=message_id,
        tenant_id=tenant_id,
        occurred_at=now,
        verdict_id=message_id,
        payment_id=payment_id,
        customer_id=customer_id,
        verdict=verdict,
        actor=actor,
        reason=reason,
    )
