"""The facts of one payment that its entities' counts depend on: when it was paid, its entities, and its evidence.

Merging is commutative, associative and idempotent, so the counts depend neither on the order of messages nor on
repetitions.
"""

import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, get_args

from orylo_common.control.sections.detection import RiskEntity
from orylo_common.fraud_evidence import Evidence, FraudReport, evidence_of, is_fraud, merged
from orylo_common.messages import PaymentEnriched, PaymentFact, PaymentSucceeded
from orylo_detector.domain.entities import entities_of, fortnight_of
from orylo_detector.domain.velocity import microseconds

KINDS: tuple[RiskEntity, ...] = get_args(RiskEntity)
RECORD = struct.Struct(">BBqq")


class NamedEntity(NamedTuple):
    """An entity that a message names. Of two of one kind the lowest counts: the payment's own, then the earliest."""

    enriched: bool
    at_us: int
    key: int


# Payments and frauds to add, by the entity and the fortnight.
Contribution = Mapping[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class EntityEvidence:
    """`fortnight` is None until the payment is known to be paid. Before that, nothing counts."""

    fortnight: int | None = None
    entities: Mapping[RiskEntity, NamedEntity] = field(default_factory=dict)
    evidence: Evidence = field(default_factory=dict)

    @classmethod
    def of(cls, message: PaymentSucceeded | PaymentEnriched | FraudReport) -> "EntityEvidence":
        if isinstance(message, PaymentSucceeded | PaymentEnriched):
            enriched, at_us = isinstance(message, PaymentEnriched), microseconds(message.occurred_at)
            entities = {kind: NamedEntity(enriched, at_us, key) for kind, key in entities_of(message).items()}
            return cls(None if enriched else fortnight_of(message.occurred_at), entities)
        return cls(evidence=evidence_of(message))

    def merged(self, other: "EntityEvidence") -> "EntityEvidence":
        entities = dict(self.entities)
        for kind, named in other.entities.items():
            known = entities.get(kind)
            entities[kind] = named if known is None else min(known, named)
        fortnights = [each.fortnight for each in (self, other) if each.fortnight is not None]
        return EntityEvidence(min(fortnights, default=None), entities, merged(self.evidence, other.evidence))

    def contribution(self) -> Contribution:
        """Return what the payment adds to each entity's counts."""
        if self.fortnight is None:
            return {}
        frauds = int(is_fraud([sign for _, sign in self.evidence.values()]))
        return {(named.key, self.fortnight): (1, frauds) for named in self.entities.values()}

    def packed_entities(self) -> bytes:
        return b"".join(RECORD.pack(KINDS.index(kind), *named) for kind, named in sorted(self.entities.items()))

    @classmethod
    def unpacked(cls, fortnight: int | None, entities: bytes, evidence: Evidence | None) -> "EntityEvidence":
        named = {
            KINDS[kind]: NamedEntity(bool(enriched), at_us, key)
            for kind, enriched, at_us, key in RECORD.iter_unpack(entities)
        }
        return cls(fortnight, named, {name: (key, sign) for name, (key, sign) in (evidence or {}).items()})


def is_learned(message: PaymentFact | FraudReport) -> bool:
    """Return whether a message says anything about entities. A panel's test event does not."""
    return not (isinstance(message, PaymentFact) and message.test)


def difference(before: Contribution, after: Contribution) -> dict[tuple[int, int], tuple[int, int]]:
    """Return what to add to the counts when one contribution replaces another."""
    payments: Counter[tuple[int, int]] = Counter()
    frauds: Counter[tuple[int, int]] = Counter()
    for sign, contribution in ((-1, before), (1, after)):
        for key, (paid, fraudulent) in contribution.items():
            payments[key] += sign * paid
            frauds[key] += sign * fraudulent
    return {key: (payments[key], frauds[key]) for key in payments if payments[key] or frauds[key]}
