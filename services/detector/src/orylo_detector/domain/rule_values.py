"""The values of a payment that a rule may read, by the names of `orylo_rules.FIELDS`."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import lru_cache
from itertools import chain
from typing import NamedTuple, get_args

from orylo_common.control.sections.detection import Entity
from orylo_common.messages import Card, PaymentFact, PaymentFailed, Subscription
from orylo_common.money import minor_digits
from orylo_detector.domain.features import CustomerHistory, Features
from orylo_detector.domain.velocity import WINDOWS, velocities
from orylo_rules import FieldValue
from orylo_rules.engine import COMPILED_RULES

Value = FieldValue | None

NO_CARD, NO_SUBSCRIPTION = Card(), Subscription()

# A later event that adds details belongs to a payment that succeeded.
STATUSES = {
    "payment.created.v1": "created",
    "payment.succeeded.v1": "succeeded",
    "payment.enriched.v1": "succeeded",
    "payment.failed.v1": "failed",
}
OF_PAYMENT: dict[str, Callable[[PaymentFact], Value]] = {
    "payment.amount": lambda payment: payment.amount_minor / 10 ** minor_digits(payment.currency),
    "payment.amount_minor": lambda payment: payment.amount_minor,
    "payment.currency": lambda payment: payment.currency,
    "payment.gateway": lambda payment: payment.gateway,
    "payment.status": lambda payment: STATUSES[payment.type],
    "payment.occurred_at": lambda payment: payment.occurred_at,
    "payment.live": lambda payment: payment.livemode,
    "payment.test": lambda payment: payment.test,
    "payment.order_bump": lambda payment: payment.order_bump,
    "payment.products": lambda payment: [product.product_id for product in payment.products],
    "payment.method": lambda payment: payment.payment_method,
    "payment.installments": lambda payment: payment.installments,
    "payment.recurrence": lambda payment: (payment.subscription or NO_SUBSCRIPTION).recurrence,
    "payment.renewal": lambda payment: (payment.subscription or NO_SUBSCRIPTION).renewal,
    "payment.failure_code": lambda payment: payment.failure_code if isinstance(payment, PaymentFailed) else None,
    "payment.user_agent": lambda payment: payment.user_agent,
    "customer.id": lambda payment: payment.customer_id,
    "customer.disposable_email": lambda payment: payment.customer_flags.disposable_email,
    "customer.email_domain_hash": lambda payment: payment.customer_flags.email_domain_hash,
    "customer.phone_country": lambda payment: payment.customer_flags.phone_country,
    "customer.billing_country": lambda payment: payment.customer_flags.billing_country,
    "card.brand": lambda payment: (payment.card or NO_CARD).brand,
    "card.country": lambda payment: (payment.card or NO_CARD).country,
    "card.funding": lambda payment: (payment.card or NO_CARD).funding,
    "card.last4": lambda payment: (payment.card or NO_CARD).last4,
    "card.fingerprint": lambda payment: (payment.card or NO_CARD).fingerprint,
    "ip.address": lambda payment: payment.ip,
    "tracking.utm_source": lambda payment: payment.tracking.utm_source,
    "tracking.utm_medium": lambda payment: payment.tracking.utm_medium,
    "tracking.utm_campaign": lambda payment: payment.tracking.utm_campaign,
}
OF_CUSTOMER: dict[str, Callable[[CustomerHistory], Value]] = {
    "customer.payments": lambda customer: customer.payments,
    "customer.first_paid_at": lambda customer: customer.first_paid_at,
    "customer.refunds": lambda customer: customer.refunds,
    "customer.disputes": lambda customer: customer.disputes,
    "customer.disputes_won": lambda customer: customer.disputes_won,
    "customer.fraud_warnings": lambda customer: customer.fraud_warnings,
    "customer.trust_score": lambda customer: customer.trust_score,
    "customer.status": lambda customer: customer.status.value,
}
# The fields of each entity: of each window, the number and the amount of the attempts.
OF_ENTITY: dict[Entity, tuple[tuple[str, str], ...]] = {
    entity: tuple((f"velocity.{entity}.attempts_{window}", f"velocity.{entity}.amount_{window}") for window in WINDOWS)
    for entity in get_args(Entity)
}


class FieldReaders(NamedTuple):
    """The functions that read some fields, by what they read from."""

    of_payment: Sequence[tuple[str, Callable[[PaymentFact], Value]]]
    of_customer: Sequence[tuple[str, Callable[[CustomerHistory], Value]]]
    entities: Sequence[Entity]


# A tenant's rules read the same fields of every payment.
@lru_cache(maxsize=COMPILED_RULES)
def _readers_of(names: frozenset[str]) -> FieldReaders:
    return FieldReaders(
        [(name, read) for name, read in OF_PAYMENT.items() if name in names],
        [(name, read) for name, read in OF_CUSTOMER.items() if name in names],
        [entity for entity, windows in OF_ENTITY.items() if not names.isdisjoint(chain.from_iterable(windows))],
    )


def values_of(payment: PaymentFact, features: Features, names: frozenset[str]) -> dict[str, Value]:
    """Return the values of the fields in `names`, and possibly others. One that is not known is None or absent."""
    readers, customer = _readers_of(names), features.customer
    values: dict[str, Value] = {name: read(payment) for name, read in readers.of_payment}
    values["ip.country"] = features.ip_country
    if customer is not None:
        for name, read in readers.of_customer:
            values[name] = read(customer)
        if "customer.age_days" in names:
            values["customer.age_days"] = _age_days(customer, payment)
    for entity in readers.entities:
        values |= _velocity(entity, payment, features)
    return values


def _age_days(customer: CustomerHistory, payment: PaymentFact) -> float | None:
    first = customer.first_paid_at
    return None if first is None else (payment.occurred_at - first) / timedelta(days=1)


def _velocity(entity: Entity, payment: PaymentFact, features: Features) -> dict[str, Value]:
    if features.attempts is None or entity not in features.attempts:
        return {}
    units = 10 ** minor_digits(payment.currency)
    values: dict[str, Value] = {}
    observed = velocities(features.attempts[entity], payment.occurred_at, payment.currency)
    for (attempts_field, amount_field), (attempts, amount_minor) in zip(
        OF_ENTITY[entity], observed.values(), strict=True
    ):
        values[attempts_field] = attempts
        values[amount_field] = amount_minor / units
    return values
