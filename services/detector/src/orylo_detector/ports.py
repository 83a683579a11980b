"""The detector's ports."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID

from orylo_common.control.sections.detection import DetectionPolicy, Entity, RiskEntity
from orylo_common.messages import PaymentFact
from orylo_detector.domain.amounts import AmountHistory
from orylo_detector.domain.entities import EntityHistory
from orylo_detector.domain.features import CustomerHistory, Features, Subject
from orylo_detector.domain.known_payment import KnownPayment
from orylo_detector.domain.lists import ListHit
from orylo_detector.domain.velocity import PaymentAttempt

EntityAttempts = Mapping[Entity, Sequence[PaymentAttempt]]


@dataclass(frozen=True, slots=True)
class History:
    """The history of a payment's customer, product, tenant and entities.

    `amounts` and `entities` are None if they could not be read in time.

    `known` is what is known of the payment itself, and `listed` are the list entries that apply to it.
    """

    customer: CustomerHistory | None
    amounts: Mapping[Subject, AmountHistory] | None
    known: KnownPayment
    listed: Sequence[ListHit] = ()
    entities: Mapping[RiskEntity, EntityHistory] | None = None


class Reading(NamedTuple):
    """The features of a payment, and what is known of the payment itself."""

    features: Features
    known: KnownPayment


Item = TypeVar("Item", contravariant=True)
Result = TypeVar("Result", covariant=True)


class AttemptLog(Protocol):
    async def record(self, payments: Sequence[PaymentFact]) -> Sequence[EntityAttempts]:
        """Record each payment's attempt. Return, for each payment, the attempts of its entities in the last day.

        An attempt that is reported again counts once. An enrichment is no attempt. Raises `TransientError`.
        """


class HistoryReader(Protocol):
    async def read(self, payments: Sequence[PaymentFact]) -> Sequence[History]:
        """Return one history for each payment, in order. Raises `TransientError`."""


class FeatureSource(Protocol):
    def read(self, payment: PaymentFact) -> Awaitable[Reading]:
        """Raises `TransientError` if the history, which holds the lists, cannot be read."""


class CountryLookup(Protocol):
    def __call__(self, address: str, /) -> str | None:
        """Return the country (alpha-2) of an IP address, without I/O, or None if it is unknown."""


class DetectionPolicySource(Protocol):
    def policy(self, tenant_id: UUID, gateway: str, /) -> DetectionPolicy:
        """Return the policy for the payments of a tenant's gateway."""


class BatchWriter(Protocol[Item, Result]):
    """Writes in batches."""

    def add(self, item: Item) -> Awaitable[Result]:
        """Return once the item is committed."""
