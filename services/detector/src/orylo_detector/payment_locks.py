"""One lock for each payment in hand."""

import asyncio
from uuid import UUID
from weakref import WeakValueDictionary

from orylo_common.messages import PaymentFact


class PaymentLocks:
    """Lets one process work on the events of a payment one after the other. Other replicas are not kept out."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[tuple[UUID, str], asyncio.Lock] = WeakValueDictionary()

    def of(self, fact: PaymentFact) -> asyncio.Lock:
        return self._locks.setdefault((fact.tenant_id, fact.payment_id), asyncio.Lock())
