"""What people are told of a batch: metrics and log lines."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import structlog

from orylo_dispatch.delivery.queue import Settlement
from orylo_dispatch.domain.attempt import State
from orylo_dispatch.metrics import ATTEMPTS, DELIVERIES, SENT_SECONDS

log = structlog.get_logger(__name__)


def tell(settlements: Sequence[Settlement], now: datetime) -> None:
    """Metrics, a line for the batch, and one for each conversion that is given up."""
    kind = settlements[0].claim.delivery.destination_kind
    outcomes: Counter[str] = Counter()
    for each in settlements:
        outcomes[each.attempt.outcome if each.attempt else "untried"] += 1
        if each.step.state is State.DISPATCHED and each.claim.conversion is not None:
            SENT_SECONDS.labels(kind).observe((now - each.claim.conversion.occurred_at).total_seconds())
        elif each.step.state is State.FAILED:
            log.warning(
                "conversion.failed",
                conversion_id=str(each.claim.delivery.delivery_id),
                payment_id=each.claim.delivery.payment_id,
                attempt_number=each.claim.number,
                code=each.step.code,
                reason=each.step.reason,
            )
        if each.step.state is not State.PENDING:
            DELIVERIES.labels(kind, each.step.state).inc()
    for outcome, count in outcomes.items():
        ATTEMPTS.labels(kind, outcome).inc(count)
    delivery = settlements[0].claim.delivery
    trace_ids = {each.attempt.trace_id for each in settlements if each.attempt and each.attempt.trace_id}
    log.info(
        "dispatch.batch",
        tenant_id=str(delivery.tenant_id),
        destination_id=str(delivery.destination_id),
        fbtrace_ids=sorted(trace_ids)[:20],
        **outcomes,
    )
