"""What the trust service does with each message."""

from typing import Protocol
from uuid import UUID

from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import CustomerStatusSet, PaymentFact, PaymentSucceeded
from orylo_common.telemetry.traces import current_traceparent
from orylo_trust.domain.account import StatusChange
from orylo_trust.domain.ledger import entries_for
from orylo_trust.posting import Posting


class PointsOf(Protocol):
    """The control plane, as far as the handlers know it."""

    def settings(self, tenant_id: UUID, model: type[TrustPolicy], /) -> TrustPolicy: ...


class Poster(Protocol):
    async def post(self, posting: Posting) -> None: ...


async def post_fact(fact: PaymentFact, *, plane: PointsOf, ledger: Poster) -> None:
    """Enter what a gateway tells of a payment into its customer's ledger."""
    if fact.customer_id is None and isinstance(fact, PaymentSucceeded):
        return
    points = plane.settings(fact.tenant_id, TrustPolicy)
    entries = entries_for(fact, points)
    if entries:
        await ledger.post(
            Posting(
                tenant_id=fact.tenant_id,
                customer_id=fact.customer_id,
                start=points.start,
                message_id=fact.message_id,
                correlation_id=fact.correlation_id,
                occurred_at=fact.occurred_at,
                entries=entries,
                payment_id=fact.payment_id,
                event_id=fact.event_id,
                traceparent=current_traceparent(),
            )
        )


async def set_status(change: CustomerStatusSet, *, plane: PointsOf, ledger: Poster) -> None:
    """Put a customer on a list, or take them off, unless somebody did otherwise later."""
    await ledger.post(
        Posting(
            tenant_id=change.tenant_id,
            customer_id=change.customer_id,
            start=plane.settings(change.tenant_id, TrustPolicy).start,
            message_id=change.message_id,
            correlation_id=change.correlation_id,
            occurred_at=change.occurred_at,
            status_change=StatusChange(change.status, change.actor, change.reason, change.occurred_at),
            traceparent=current_traceparent(),
        )
    )
