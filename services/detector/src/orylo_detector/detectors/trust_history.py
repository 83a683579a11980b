"""The customer's trust score, disputes, fraud warnings, refunds and age."""

from datetime import timedelta

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import PaymentFact
from orylo_detector.domain.features import CustomerHistory, Features
from orylo_detector.domain.finding import Finding

# An unknown customer has a score of 50. One or two refunds are not a reason yet.
LOW_TRUST = 40
YOUNG = timedelta(days=1)
FREQUENT_REFUNDS, REFUND_SHARE = 3, 0.3


def assess(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    """Score each fact that speaks against the customer."""
    if features.customer is None:
        return Finding({"trust_history.unknown_customer": 15})
    return Finding(_against(features.customer, payment))


def _against(customer: CustomerHistory, payment: PaymentFact) -> dict[str, int]:
    against = {}
    if customer.trust_score is not None and customer.trust_score < LOW_TRUST:
        against["trust_history.low_trust"] = 100 - 2 * customer.trust_score
    if disputes := customer.disputes - customer.disputes_won:
        against["trust_history.disputes"] = 60 if disputes == 1 else 90
    if customer.fraud_warnings:
        against["trust_history.fraud_warnings"] = 60 if customer.fraud_warnings == 1 else 90
    if customer.refunds >= FREQUENT_REFUNDS and customer.refunds > REFUND_SHARE * customer.payments:
        against["trust_history.frequent_refunds"] = 40
    if customer.first_paid_at is None:
        against["trust_history.new_customer"] = 15
    elif payment.occurred_at - customer.first_paid_at < YOUNG:
        against["trust_history.young_relation"] = 10
    return against
