"""The facts of one payment so far, and the newest decision on it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from orylo_common.messages import (
    Decision,
    DetectionCreated,
    PaymentCreated,
    PaymentEnriched,
    PaymentFact,
    PaymentFailed,
    PaymentSucceeded,
    ReasonPoints,
    ReplacedDecision,
    RuleHit,
)
from orylo_common.messages.enrichment import enriched
from orylo_detector.domain.amounts import AmountHistory
from orylo_detector.domain.entities import EntityRate, entities_of
from orylo_detector.domain.features import CustomerHistory, Features, subjects_of
from orylo_detector.domain.verdict import severity

DecidablePayment = PaymentCreated | PaymentFailed | PaymentSucceeded
# Enough to recognise a redelivery, however many cards are tested on one payment.
REMEMBERED_DECLINES = 64
# In the order in which a payment moves through them.
_STAGES: Mapping[type[PaymentFact], int] = {PaymentCreated: 0, PaymentFailed: 1, PaymentSucceeded: 2}


@dataclass(frozen=True, slots=True)
class NewestDecision:
    """The published decision that a newer one replaces."""

    detection_id: UUID
    payment_type: str
    decision: Decision
    amount_minor: int
    currency: str
    override: str | None = None
    points: tuple[ReasonPoints, ...] = ()
    degraded: tuple[str, ...] = ()
    rules: tuple[RuleHit, ...] = ()

    @property
    def severity(self) -> tuple[int, int]:
        return severity(self.decision, sum(each.points for each in self.points))

    @property
    def reference(self) -> ReplacedDecision:
        return ReplacedDecision(
            detection_id=self.detection_id,
            payment_type=self.payment_type,
            decision=self.decision,
            degraded=bool(self.degraded),
            amount_minor=self.amount_minor,
            currency=self.currency,
            rules=self.rules,
        )


@dataclass(frozen=True, slots=True)
class UsedHistory:
    """The histories that a decision used. Once paid, the payment is part of them, so they are not read again.

    `amounts` has the key of the history, such as `customer:cus_1`; `entities` that of the entity, if it has any fraud.
    """

    customer_id: str | None = None
    customer: CustomerHistory | None = None
    amounts: Mapping[str, AmountHistory] = field(default_factory=dict)
    entities: Mapping[int, EntityRate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownPayment:
    """`version` counts the changes. `facts` are those that the payment is made of, the one decided on first.

    `declined` has the ids of the last declined attempts.
    """

    version: int = 0
    facts: tuple[DecidablePayment | PaymentEnriched, ...] = ()
    declined: tuple[str, ...] = ()
    decided: NewestDecision | None = None
    history: UsedHistory | None = None

    def with_fact(self, fact: DecidablePayment | PaymentEnriched) -> "KnownPayment":
        """Return the payment with one more fact, or itself if the fact adds nothing.

        The result does not depend on the order of the facts.
        """
        declined = self.declined
        if isinstance(fact, PaymentFailed):
            if fact.event_id in declined:
                return self
            declined = (*declined, fact.event_id)[-REMEMBERED_DECLINES:]
        facts = _needed((*self.facts, fact))
        if (facts, declined) == (self.facts, self.declined):
            return self
        # A new event is decided on with histories of its time.
        same_event = bool(self.facts) and facts[0].event_id == self.facts[0].event_id
        history = self.history if same_event else None
        return replace(self, version=self.version + 1, facts=facts, declined=declined, history=history)

    @property
    def payment(self) -> DecidablePayment | None:
        """Return the payment with all its facts, or None if only enrichments are known yet."""
        if not self.facts:
            return None
        first, *others = self.facts
        if isinstance(first, PaymentEnriched):
            return None
        for other in others:
            first = enriched(first, other)
        return first

    def with_used_history(self, features: Features) -> Features:
        """Return the features, with the histories of the decision before where their subjects are the same."""
        payment, used = self.payment, self.history
        if payment is None or used is None:
            return features
        same_customer = used.customer_id == payment.customer_id
        amounts = features.amounts
        if amounts is not None:
            known = {name: used.amounts[key] for name, key in subjects_of(payment).items() if key in used.amounts}
            amounts = {**amounts, **known}
        entities = features.entities
        if entities is not None and used.entities:
            entities = {
                **entities,
                **{kind: used.entities[key] for kind, key in entities_of(payment).items() if key in used.entities},
            }
        customer = features.customer
        if same_customer and used.customer and customer:
            # People may have blocked or allowed the customer meanwhile.
            customer = replace(used.customer, status=customer.status)
        return replace(features, customer=customer, amounts=amounts, entities=entities)

    def decided_with(self, features: Features, detection: DetectionCreated | None) -> "KnownPayment":
        """Return the payment with the histories that its decision used, and with the decision if it is published."""
        payment = self.payment
        if payment is None:
            return self
        subjects, amounts = subjects_of(payment), features.amounts or {}
        return replace(
            self,
            decided=newest(detection) if detection else self.decided,
            history=UsedHistory(
                payment.customer_id,
                features.customer,
                {subjects[name]: history for name, history in amounts.items() if name in subjects},
                _rates(payment, features),
            ),
        )


def _rates(payment: DecidablePayment, features: Features) -> dict[int, EntityRate]:
    """Return the rates that a decision used, by the entity's key."""
    keys, known = entities_of(payment), features.entities or {}
    return {keys[kind]: rate for kind, rate in known.items() if kind in keys and isinstance(rate, EntityRate)}


def newest(detection: DetectionCreated) -> NewestDecision:
    return NewestDecision(
        detection_id=detection.detection_id,
        payment_type=detection.payment_type,
        decision=detection.decision,
        amount_minor=detection.amount_minor,
        currency=detection.currency,
        override=detection.override,
        points=detection.points,
        degraded=detection.degraded,
        rules=detection.rules,
    )


def _needed(
    facts: Iterable[DecidablePayment | PaymentEnriched],
) -> tuple[DecidablePayment | PaymentEnriched, ...]:
    """Return the newest event of the latest stage, then the enrichments and earlier events that add something to it.

    A declined attempt adds nothing to another event: its card and its address are its own.
    """
    in_order = sorted(facts, key=_order)
    decidable = [fact for fact in in_order if not isinstance(fact, PaymentEnriched)]
    first = max(decidable, key=_stage) if decidable else in_order[0]
    needed, merged = [first], first
    for fact in in_order:
        if fact is first or isinstance(fact, PaymentFailed | PaymentSucceeded):
            continue
        more = enriched(merged, fact)
        if more != merged:
            needed.append(fact)
            merged = more
    return tuple(needed)


def _order(fact: PaymentFact) -> tuple[datetime, str]:
    return fact.occurred_at, fact.event_id


def _stage(fact: PaymentFact) -> tuple[int, datetime, str]:
    return _STAGES[type(fact)], *_order(fact)
