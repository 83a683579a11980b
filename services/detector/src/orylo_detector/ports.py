"""What the detector needs from outside."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

from orylo_common.broker.ports import Outgoing
from orylo_common.control.sections.detection import DetectionPolicy, Entity
from orylo_common.messages import PaymentFact
from orylo_detector.domain.amounts import AmountHistory
from orylo_detector.domain.features import CustomerHistory, Features, Subject
from orylo_detector.domain.velocity import Attempt

Attempts = Mapping[Entity, Sequence[Attempt]]


@dataclass(frozen=True, slots=True)
class History:
    """What earlier messages tell of a payment's customer, product and tenant; `amounts` is None where that is late."""

    customer: CustomerHistory | None
    amounts: Mapping[Subject, AmountHistory] | None


Item = TypeVar("Item", contravariant=True)
Result = TypeVar("Result", covariant=True)


class AttemptLog(Protocol):
    async def record(self, payments: Sequence[PaymentFact]) -> Sequence[Attempts]:
        """Note each payment's attempt, once however often it is told; for each, the last day of its entities.

        Raises `TransientError`.
        """


class HistoryReader(Protocol):
    async def read(self, payments: Sequence[PaymentFact]) -> Sequence[History]:
        """For each payment, in order. Raises `TransientError`."""


class FeatureSource(Protocol):
    def gather(self, payment: PaymentFact) -> Awaitable[Features]:
        """Raises `TransientError` where the history, and with it the lists, cannot be read."""


class RulesOf(Protocol):
    """The control plane, as far as the detector knows it."""

    def settings(self, tenant_id: UUID, model: type[DetectionPolicy], /) -> DetectionPolicy: ...


class Batches(Protocol[Item, Result]):
    """What writes together what comes together."""

    def add(self, item: Item) -> Awaitable[Result]:
        """Done once the item is committed."""


class Announcer(Protocol):
    def offer(self, messages: Sequence[Outgoing]) -> None:
        """Publish soon what is in the outbox."""
