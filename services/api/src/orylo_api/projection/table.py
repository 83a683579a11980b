"""What each message changes in the read models. Nothing is read here and nothing written.

No change depends on the order of messages: a row that is replaced carries a key, and the higher key wins.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID, uuid5

from orylo_api.conversions.models import ConversionStatus
from orylo_api.payments.projection import (
    DERIVED,
    DISPUTE_STATES,
    PAYMENT_STATES,
    conversion_data,
    conversion_row,
    dead_letter_data,
    detection_data,
    failed_conversion,
    payment_row,
    trust_data,
    uuid7_time,
)
from orylo_api.quarantine.projection import key_of
from orylo_api.read_models.effects import Changes, DeadMessage
from orylo_api.rejections.projection import rejection_row
from orylo_common.messages import (
    PAGE,
    CheckoutAbandoned,
    CheckoutFact,
    CheckoutStarted,
    ClickRecorded,
    ConversionDispatched,
    ConversionFailed,
    ConversionMatched,
    ConversionSuppressed,
    Decision,
    DetectionCreated,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    FraudWarningReceived,
    Message,
    PaymentCanceled,
    PaymentFact,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
    TrustUpdated,
    WebhookQuarantined,
    WebhookRejected,
    WebhookReplayed,
)

News = Message | DeadMessage
Claims = set[tuple[UUID, UUID]]

_GATEWAY_COUNTERS: Mapping[type[Message], str] = {
    PaymentFailed: "payments_failed",
    PaymentCanceled: "payments_canceled",
    PaymentRefunded: "payments_refunded",
    DisputeOpened: "disputes_opened",
    DisputeWon: "disputes_won",
    DisputeLost: "disputes_lost",
    FraudWarningReceived: "fraud_warnings",
    CheckoutStarted: "checkouts",
}


def claims_of(news: News) -> list[UUID]:
    """What the inbox must not know yet: the message, and what counts once however many messages tell of it."""
    if isinstance(news, PaymentSucceeded) and not news.test:
        return [news.message_id, _once("succeeded", news.payment_id)]
    if isinstance(news, DetectionCreated) and news.decision is Decision.BLOCK:
        return [news.message_id, _once("blocked", news.payment_id)]
    return [news.message_id]


def project(batch: Iterable[News], fresh: Claims) -> Changes:
    """What `batch` changes. `fresh` holds the claims that were new, by tenant; those that are used are taken out."""
    changes = Changes()
    for news in batch:
        claim = (news.tenant_id, news.message_id)
        if claim in fresh:
            fresh.remove(claim)
            PROJECTIONS[type(news)](changes, news, fresh)
    return changes


def _once(what: str, payment_id: str) -> UUID:
    return uuid5(DERIVED, f"{what}:{payment_id}")


def _first(fresh: Claims, tenant_id: UUID, what: str, payment_id: str) -> bool:
    claim = (tenant_id, _once(what, payment_id))
    if claim not in fresh:
        return False
    fresh.remove(claim)
    return True


def project_payment(changes: Changes, payment: PaymentFact, fresh: Claims) -> None:
    tenant_id, at = payment.tenant_id, payment.occurred_at
    changes.count(tenant_id, at, "webhooks")
    changes.see_customer(tenant_id, payment.customer_id, at)
    changes.add_payment(tenant_id, payment.payment_id, payment_row(payment))
    if payment.test:
        return
    if counter := _GATEWAY_COUNTERS.get(type(payment)):
        changes.count(tenant_id, at, counter)
    elif isinstance(payment, PaymentSucceeded) and _first(fresh, tenant_id, "succeeded", payment.payment_id):
        changes.count(tenant_id, at, "payments_succeeded")
        changes.sum(tenant_id, at, payment.currency, "succeeded_minor", payment.amount_minor)


def project_fraud_warning(changes: Changes, warning: FraudWarningReceived, fresh: Claims) -> None:
    """A warning moves no payment: it is neither refused nor returned."""
    changes.count(warning.tenant_id, warning.occurred_at, "webhooks")
    changes.count(warning.tenant_id, warning.occurred_at, "fraud_warnings")
    changes.see_customer(warning.tenant_id, warning.customer_id, warning.occurred_at)


def project_checkout(changes: Changes, checkout: CheckoutFact, fresh: Claims) -> None:
    if checkout.gateway != PAGE:
        changes.count(checkout.tenant_id, checkout.occurred_at, "webhooks")
    if counter := _GATEWAY_COUNTERS.get(type(checkout)):
        changes.count(checkout.tenant_id, checkout.occurred_at, counter)


def project_click(changes: Changes, click: ClickRecorded, fresh: Claims) -> None:
    changes.count(click.tenant_id, click.occurred_at, "clicks")


def project_detection(changes: Changes, detection: DetectionCreated, fresh: Claims) -> None:
    tenant_id = detection.tenant_id
    created_at = uuid7_time(detection.detection_id, detection.occurred_at)
    changes.detections[tenant_id, detection.detection_id] = (detection, created_at)
    changes.see_customer(tenant_id, detection.customer_id, detection.occurred_at)
    changes.count(tenant_id, created_at, f"detections_{detection.decision}")
    if detection.degraded:
        changes.count(tenant_id, created_at, "detections_degraded")
    if detection.decision is Decision.BLOCK and _first(fresh, tenant_id, "blocked", detection.payment_id):
        changes.sum(tenant_id, created_at, detection.currency, "blocked_minor", detection.amount_minor)
    changes.tell(tenant_id, b"detection.created", detection_data(detection, created_at))


def project_trust(changes: Changes, trust: TrustUpdated, fresh: Claims) -> None:
    changes.trust.append(trust)
    changes.add_standing(trust)
    changes.see_customer(trust.tenant_id, trust.customer_id, trust.occurred_at)
    changes.tell(trust.tenant_id, b"trust.updated", trust_data(trust))


def project_matched(changes: Changes, conversion: ConversionMatched, fresh: Claims) -> None:
    row = conversion_row(conversion, ConversionStatus.PENDING)
    changes.add_conversion(conversion.tenant_id, conversion.conversion_id, row)
    changes.count(conversion.tenant_id, conversion.occurred_at, "conversions_matched")


def project_suppressed(changes: Changes, conversion: ConversionSuppressed, fresh: Claims) -> None:
    row = conversion_row(conversion, ConversionStatus.SUPPRESSED, reason=conversion.reason)
    changes.add_conversion(conversion.tenant_id, conversion.conversion_id, row)
    changes.count(conversion.tenant_id, conversion.occurred_at, "conversions_suppressed")


def project_dispatched(changes: Changes, conversion: ConversionDispatched, fresh: Claims) -> None:
    tenant_id, at = conversion.tenant_id, conversion.occurred_at
    row = conversion_row(conversion, ConversionStatus.DISPATCHED, attempts=conversion.attempts)
    changes.add_conversion(tenant_id, conversion.conversion_id, row)
    changes.count(tenant_id, at, "conversions_dispatched")
    changes.sum(tenant_id, at, conversion.currency, "dispatched_minor", conversion.amount_minor)
    changes.tell(tenant_id, b"conversion.dispatched", conversion_data(conversion.conversion_id, row))


def project_failed(changes: Changes, conversion: ConversionFailed, fresh: Claims) -> None:
    tenant_id = conversion.tenant_id
    row = conversion_row(
        conversion,
        ConversionStatus.FAILED,
        attempts=conversion.attempts,
        reason=conversion.reason,
        code=conversion.code,
    )
    changes.add_conversion(tenant_id, conversion.conversion_id, row)
    changes.tell(tenant_id, b"conversion.failed", conversion_data(conversion.conversion_id, row))
    project_dead_letter(changes, failed_conversion(conversion), fresh)


def project_dead_letter(changes: Changes, dead: DeadMessage, fresh: Claims) -> None:
    changes.dead_letters.append(dead)
    changes.count(dead.tenant_id, dead.created_at, "dead_letters")
    changes.tell(dead.tenant_id, b"dead_letter.created", dead_letter_data(dead))


def project_rejected(changes: Changes, refused: WebhookRejected, fresh: Claims) -> None:
    changes.add_refusal(refused.tenant_id, *rejection_row(refused))


def project_quarantined(changes: Changes, quarantined: WebhookQuarantined, fresh: Claims) -> None:
    changes.quarantined[key_of(quarantined)] = quarantined


def project_replayed(changes: Changes, replayed: WebhookReplayed, fresh: Claims) -> None:
    changes.add_replay(key_of(replayed), replayed)


PROJECTIONS: Mapping[type[News], Callable[[Changes, Any, Claims], None]] = {
    **dict.fromkeys((*PAYMENT_STATES, *DISPUTE_STATES), project_payment),
    FraudWarningReceived: project_fraud_warning,
    CheckoutStarted: project_checkout,
    CheckoutAbandoned: project_checkout,
    ClickRecorded: project_click,
    DetectionCreated: project_detection,
    TrustUpdated: project_trust,
    ConversionMatched: project_matched,
    ConversionDispatched: project_dispatched,
    ConversionFailed: project_failed,
    ConversionSuppressed: project_suppressed,
    WebhookRejected: project_rejected,
    WebhookQuarantined: project_quarantined,
    WebhookReplayed: project_replayed,
    DeadMessage: project_dead_letter,
}
