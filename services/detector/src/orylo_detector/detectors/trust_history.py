"""The customer's trust score, disputes, fraud warnings, refunds and age."""

from datetime import timedelta

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import PaymentFact
from orylo_detector.detectors.explanation import Explanation, Parameter
from orylo_detector.domain.features import CustomerHistory, Features
from orylo_detector.domain.finding import NOTHING, Finding

# An unknown customer has a score of 50. One or two refunds are not a reason yet.
LOW_TRUST = 40
YOUNG = timedelta(days=1)
FREQUENT_REFUNDS, REFUND_SHARE = 3, 0.3
# An incident counts in full up to so many payments for each, and less among more: a customer with a hundred good
# payments and one stolen card is a good customer. Measured in docs/decision-quality.md.
PAYMENTS_PER_INCIDENT = 2
# Scores.
ONE_INCIDENT, MORE_INCIDENTS, REFUNDED_OFTEN, NEW_CUSTOMER, YOUNG_RELATION = 75, 90, 40, 15, 10

EXPLANATION = Explanation(
    looks_at="the customer's trust score, disputes, fraud warnings and refunds, and the age of the relation",
    parameters=(
        Parameter(
            "trust score that counts as low",
            f"below {LOW_TRUST}; the score is 100 − 2 · trust",
            "fixed: an unknown customer has 50, and one or two refunds (−5 each) are not a reason yet",
        ),
        Parameter(
            "score of disputes and of fraud warnings",
            f"{ONE_INCIDENT} for one, {MORE_INCIDENTS} for more; less if the customer has more than "
            f"{PAYMENTS_PER_INCIDENT} payments for each",
            "fixed: one alone is a review and not a block, and the victim of one stolen card may have a hundred good "
            "payments",
        ),
        Parameter(
            "frequent refunds",
            f"at least {FREQUENT_REFUNDS}, and more than {REFUND_SHARE:.0%} of the payments (score {REFUNDED_OFTEN}); "
            "refunds by Orylo do not count",
            "fixed: refunds happen to honest buyers, too",
        ),
        Parameter(
            "young relation",
            f"first payment less than {YOUNG // timedelta(hours=1)} h ago (score {YOUNG_RELATION}); "
            f"no payment or no customer ({NEW_CUSTOMER})",
            "fixed: most new customers are honest, so this is a hint only",
        ),
    ),
    reasons={
        "trust_history.unknown_customer": "The payment names no customer",
        "trust_history.low_trust": "Low trust score",
        "trust_history.disputes": "An earlier payment was disputed",
        "trust_history.fraud_warnings": "An earlier payment was reported as fraud",
        "trust_history.frequent_refunds": "Many earlier payments were refunded",
        "trust_history.new_customer": "First payment of this customer",
        "trust_history.young_relation": "The first payment was less than a day ago",
    },
)


def assess(payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Finding:
    """Score each fact that speaks against the customer."""
    if features.customer is None:
        return Finding({"trust_history.unknown_customer": NEW_CUSTOMER})
    against = _against(features.customer, payment)
    return Finding(against) if against else NOTHING


def _against(customer: CustomerHistory, payment: PaymentFact) -> dict[str, int]:
    against = {}
    if customer.trust_score is not None and customer.trust_score < LOW_TRUST:
        against["trust_history.low_trust"] = 100 - 2 * customer.trust_score
    if disputes := customer.disputes - customer.disputes_won:
        against["trust_history.disputes"] = _incidents_score(disputes, customer.payments)
    if customer.fraud_warnings:
        against["trust_history.fraud_warnings"] = _incidents_score(customer.fraud_warnings, customer.payments)
    if customer.refunds >= FREQUENT_REFUNDS and customer.refunds > REFUND_SHARE * customer.payments:
        against["trust_history.frequent_refunds"] = REFUNDED_OFTEN
    if customer.first_paid_at is None:
        against["trust_history.new_customer"] = NEW_CUSTOMER
    elif payment.occurred_at - customer.first_paid_at < YOUNG:
        against["trust_history.young_relation"] = YOUNG_RELATION
    return against


def _incidents_score(incidents: int, payments: int) -> int:
    """Return the score of disputes or warnings, lower if they are a small share of many payments."""
    score = ONE_INCIDENT if incidents == 1 else MORE_INCIDENTS
    return round(score * min(1.0, incidents * PAYMENTS_PER_INCIDENT / max(payments, 1)))
