"""The queues and the messages bound to them. Every adapter builds its exchanges, topics or tables from this."""

from collections.abc import Mapping, Sequence

from orylo_common.messages import (
    CheckoutAbandoned,
    CheckoutStarted,
    ClickRecorded,
    ConversionCorrectionChanged,
    ConversionDispatched,
    ConversionFailed,
    ConversionMatched,
    ConversionRedriveRequested,
    ConversionSuppressed,
    CustomerMerged,
    CustomerMergeDecided,
    CustomerMergeLimited,
    CustomerStatusSet,
    CustomerTrustCorrected,
    CustomerUnmerged,
    DestinationStatusChanged,
    DestinationTokenRead,
    DetectionCreated,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    FraudWarningReceived,
    Message,
    PaymentBlocked,
    PaymentBlockLifted,
    PaymentCanceled,
    PaymentCreated,
    PaymentEnriched,
    PaymentFailed,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentSucceeded,
    ProviderActionChanged,
    ProviderActionRedriveRequested,
    ReconciliationChanged,
    ReconciliationRequested,
    TrustUpdated,
    VerdictGiven,
    WebhookQuarantined,
    WebhookRejected,
    WebhookReplayed,
    WebhookReplayRequested,
    type_of,
)

PAYMENTS: tuple[type[Message], ...] = (
    PaymentCreated,
    PaymentSucceeded,
    PaymentEnriched,
    PaymentFailed,
    PaymentCanceled,
    PaymentRefunded,
    PaymentRefundFailed,
)
REFUNDS: tuple[type[Message], ...] = (PaymentRefunded, PaymentRefundFailed)
DISPUTES: tuple[type[Message], ...] = (DisputeOpened, DisputeWon, DisputeLost, FraudWarningReceived)
MERGES: tuple[type[Message], ...] = (CustomerMerged, CustomerUnmerged)

QUEUES: Mapping[str, Sequence[type[Message]]] = {
    "detector": (
        PaymentCreated,
        PaymentSucceeded,
        PaymentEnriched,
        PaymentFailed,
        *REFUNDS,
        *DISPUTES,
        ProviderActionChanged,
        VerdictGiven,
        TrustUpdated,
        *MERGES,
    ),
    "trust": (
        PaymentSucceeded,
        PaymentEnriched,
        PaymentBlocked,
        PaymentBlockLifted,
        *REFUNDS,
        *DISPUTES,
        ProviderActionChanged,
        VerdictGiven,
        CustomerStatusSet,
        CustomerTrustCorrected,
        CustomerMergeDecided,
    ),
    "dispatch": (
        PaymentSucceeded,
        PaymentEnriched,
        *REFUNDS,
        *DISPUTES,
        CheckoutStarted,
        ClickRecorded,
        DetectionCreated,
        ConversionRedriveRequested,
        ProviderActionRedriveRequested,
    ),
    "api": (
        *PAYMENTS,
        *DISPUTES,
        CheckoutStarted,
        CheckoutAbandoned,
        ClickRecorded,
        DetectionCreated,
        TrustUpdated,
        VerdictGiven,
        *MERGES,
        CustomerMergeLimited,
        ConversionMatched,
        ConversionDispatched,
        ConversionFailed,
        ConversionSuppressed,
        ConversionCorrectionChanged,
        DestinationStatusChanged,
        DestinationTokenRead,
        ProviderActionChanged,
        WebhookRejected,
        WebhookQuarantined,
        WebhookReplayed,
        ReconciliationChanged,
    ),
    "ingest": (WebhookReplayRequested, ReconciliationRequested),
}

# A message that kills its consumer is dead-lettered after this many deliveries. The retry policy's limit for
# transient failures is lower.
DELIVERY_LIMIT = 20
POISON = f"delivered {DELIVERY_LIMIT} times and never settled"


def dead_letter_queue(queue: str) -> str:
    return f"{queue}.dlq"


def is_dead_letter_queue(queue: str) -> bool:
    return queue.endswith(".dlq")


def origin_of(dead_letter_queue: str) -> str:
    """Return the queue that a dead-letter queue belongs to."""
    return dead_letter_queue.removesuffix(".dlq")


def queues_for(message_type: str) -> tuple[str, ...]:
    """Return the queues bound to a message type, given by name, such as `payment.succeeded.v1`."""
    return _BOUND.get(message_type, ())


def _bindings() -> dict[str, tuple[str, ...]]:
    bound: dict[str, tuple[str, ...]] = {}
    for queue, messages in QUEUES.items():
        for message in messages:
            bound[type_of(message)] = (*bound.get(type_of(message), ()), queue)
    return bound


_BOUND = _bindings()
