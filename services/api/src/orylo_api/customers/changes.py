"""The messages that ask trust for a change of a customer, for the endpoints and for the `orylo` command."""

from datetime import datetime
from uuid import UUID

from orylo_api.customers.models import CorrectionRequest, StatusRequest
from orylo_common.ids import uuid7
from orylo_common.messages import CustomerMergeDecided, CustomerStatusSet, CustomerTrustCorrected


def status_set(
    tenant_id: UUID, customer_id: str, requested: StatusRequest, *, actor: str, now: datetime
) -> CustomerStatusSet:
    message_id = uuid7()
    return CustomerStatusSet(
        message_id=message_id,
        correlation_id=message_id,
        tenant_id=tenant_id,
        occurred_at=now,
        customer_id=customer_id,
        actor=actor,
        **requested.model_dump(),
    )


def trust_corrected(
    tenant_id: UUID, customer_id: str, requested: CorrectionRequest, *, actor: str, now: datetime
) -> CustomerTrustCorrected:
    message_id = uuid7()
    return CustomerTrustCorrected(
        message_id=message_id,
        correlation_id=message_id,
        tenant_id=tenant_id,
        occurred_at=now,
        correction_id=message_id,
        customer_id=customer_id,
        actor=actor,
        **requested.model_dump(),
    )


def merge_decided(
    tenant_id: UUID, customer_id: str, same_as: str | None, *, reason: str, actor: str, now: datetime
) -> CustomerMergeDecided:
    message_id = uuid7()
    return CustomerMergeDecided(
        message_id=message_id,
        correlation_id=message_id,
        tenant_id=tenant_id,
        occurred_at=now,
        customer_id=customer_id,
        same_as=same_as,
        actor=actor,
        reason=reason,
    )
