"""Which projections fold which message, and in what order their rows are written."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from orylo_api.actions.projection import ActionProjection
from orylo_api.conversions.projection import ConversionProjection
from orylo_api.customers.merge_projection import MergeProjection
from orylo_api.customers.projection import CustomerProjection
from orylo_api.customers.trust_projection import TrustProjection
from orylo_api.dead_letters.projection import DeadLetterProjection, DeadLetterRow
from orylo_api.destinations.projection import DestinationProjection
from orylo_api.destinations.token_projection import TokenProjection
from orylo_api.detections.projection import DetectionProjection
from orylo_api.overview.projection import ActivityProjection
from orylo_api.payments.projection import PaymentProjection
from orylo_api.payments.row import STATES
from orylo_api.quarantine.projection import QuarantineProjection
from orylo_api.read_models.claims import Projectable
from orylo_api.read_models.effects import Effects
from orylo_api.reconciliations.projection import ReconciliationProjection
from orylo_api.rejections.projection import RejectionProjection
from orylo_api.review.projection import ReviewCaseProjection
from orylo_api.rules.projection import RuleHitProjection
from orylo_api.tracking.projection import TrackingProjection
from orylo_api.verdicts.projection import EvidenceProjection
from orylo_api.webhooks.projection import WebhookReceiptProjection
from orylo_common.messages import (
    CheckoutAbandoned,
    CheckoutStarted,
    ClickRecorded,
    ConversionCorrectionChanged,
    ConversionDispatched,
    ConversionFailed,
    ConversionMatched,
    ConversionSuppressed,
    CustomerMerged,
    CustomerMergeLimited,
    CustomerUnmerged,
    DestinationStatusChanged,
    DestinationTokenRead,
    DetectionCreated,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    FraudWarningReceived,
    ProviderActionChanged,
    ReconciliationChanged,
    TrustUpdated,
    VerdictGiven,
    WebhookQuarantined,
    WebhookRejected,
    WebhookReplayed,
)
from orylo_common.postgres.pool import Connection


class Projection(Protocol):
    """One subject's rows, gathered from a batch before any is written.

    No fold depends on the order of messages: a row that is replaced carries a key, and the higher key wins.
    """

    def __init__(self) -> None: ...

    def fold(self, message: Any, effects: Effects) -> None:
        """Add what the message changes. Reads nothing, writes nothing."""

    async def write(self, connection: Connection) -> None:
        """Write the rows, in a few statements however many there are."""


# All transactions write, and so lock, in this order.
WRITE_ORDER: Sequence[type[Projection]] = (
    DetectionProjection,
    PaymentProjection,
    EvidenceProjection,
    ReviewCaseProjection,
    CustomerProjection,
    TrustProjection,
    MergeProjection,
    ConversionProjection,
    ActionProjection,
    DestinationProjection,
    TokenProjection,
    DeadLetterProjection,
    RejectionProjection,
    QuarantineProjection,
    ActivityProjection,
    RuleHitProjection,
    ReconciliationProjection,
    TrackingProjection,
    WebhookReceiptProjection,
)

FOLDED_BY: Mapping[type[Projectable], Sequence[type[Projection]]] = {
    **dict.fromkeys(STATES, (PaymentProjection, CustomerProjection, WebhookReceiptProjection)),
    **dict.fromkeys(
        (DisputeOpened, DisputeWon, DisputeLost),
        (PaymentProjection, EvidenceProjection, CustomerProjection, WebhookReceiptProjection),
    ),
    FraudWarningReceived: (ActivityProjection, EvidenceProjection, CustomerProjection, WebhookReceiptProjection),
    VerdictGiven: (EvidenceProjection, ReviewCaseProjection),
    CheckoutStarted: (ActivityProjection, WebhookReceiptProjection),
    CheckoutAbandoned: (ActivityProjection, WebhookReceiptProjection),
    ClickRecorded: (ActivityProjection, TrackingProjection),
    DetectionCreated: (DetectionProjection, ReviewCaseProjection, CustomerProjection, RuleHitProjection),
    TrustUpdated: (CustomerProjection, TrustProjection),
    CustomerMerged: (CustomerProjection, MergeProjection),
    CustomerUnmerged: (CustomerProjection, MergeProjection),
    CustomerMergeLimited: (MergeProjection,),
    ConversionMatched: (ConversionProjection,),
    ConversionSuppressed: (ConversionProjection,),
    ConversionCorrectionChanged: (ConversionProjection,),
    ConversionDispatched: (ConversionProjection, DeadLetterProjection),
    ConversionFailed: (ConversionProjection, DeadLetterProjection),
    ProviderActionChanged: (ActionProjection, DeadLetterProjection),
    DestinationStatusChanged: (DestinationProjection,),
    DestinationTokenRead: (TokenProjection,),
    DeadLetterRow: (DeadLetterProjection,),
    WebhookRejected: (RejectionProjection,),
    WebhookQuarantined: (QuarantineProjection, WebhookReceiptProjection),
    WebhookReplayed: (QuarantineProjection,),
    ReconciliationChanged: (ReconciliationProjection,),
}
