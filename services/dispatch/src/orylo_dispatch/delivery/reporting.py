"""Metrics and log lines about a batch of deliveries."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import structlog

from orylo_dispatch.delivery.queue import DeliveryResult
from orylo_dispatch.domain.attempt import DeliveryState
from orylo_dispatch.metrics import ATTEMPTS, DELIVERIES, SENT_SECONDS

log = structlog.get_logger(__name__)

# Of the destination's ids in one log line; bisecting a batch can make many requests.
MAX_TRACE_IDS = 20


def report(results: Sequence[DeliveryResult], now: datetime) -> None:
    """Count the results, log the batch, and log each delivery that failed."""
    first = results[0].claim
    outcomes: Counter[str] = Counter()
    for each in results:
        outcomes[each.attempt.outcome if each.attempt else "untried"] += 1
        if each.step.state is DeliveryState.DISPATCHED:
            SENT_SECONDS.labels(first.kind).observe((now - each.claim.occurred_at).total_seconds())
        elif each.step.state is DeliveryState.FAILED:
            _log_failure(each)
        if each.step.state is not DeliveryState.PENDING:
            DELIVERIES.labels(first.kind, each.step.state).inc()
    for outcome, count in outcomes.items():
        ATTEMPTS.labels(first.kind, outcome).inc(count)
    tenant_id, destination_id = first.destination
    log.info(
        "dispatch.batch",
        tenant_id=str(tenant_id),
        destination_id=str(destination_id),
        trace_ids=_trace_ids(results),
        **outcomes,
    )


def _log_failure(result: DeliveryResult) -> None:
    log.warning(
        "delivery.failed",
        **result.claim.deliverable.log_fields,
        attempt_number=result.claim.number,
        code=result.step.code,
        reason=result.step.reason,
    )


def _trace_ids(results: Sequence[DeliveryResult]) -> list[str]:
    """Return the destination's own ids of the requests, which its support asks for."""
    found = {each.attempt.trace_id for each in results if each.attempt and each.attempt.trace_id}
    return sorted(found)[:MAX_TRACE_IDS]
