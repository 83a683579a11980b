"""A queue in memory that takes turns between tenants."""

from collections import OrderedDict, deque
from typing import Generic, TypeVar
from uuid import UUID

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """Returns one item of each tenant in turn. The items of one tenant keep their order.

    However many items of others wait, a tenant's first item waits for one of each.
    """

    def __init__(self) -> None:
        self._tenants: OrderedDict[UUID, deque[Item]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, tenant_id: UUID, item: Item) -> None:
        self._of(tenant_id).append(item)
        self._length += 1

    def appendleft(self, tenant_id: UUID, item: Item) -> None:
        """Put an item back before the others of its tenant."""
        self._of(tenant_id).appendleft(item)
        self._length += 1

    def popleft(self) -> Item:
        tenant_id, items = next(iter(self._tenants.items()))
        item = items.popleft()
        if items:
            self._tenants.move_to_end(tenant_id)
        else:
            del self._tenants[tenant_id]
        self._length -= 1
        return item

    def take(self, limit: int) -> list[Item]:
        """Take up to `limit` items."""
        return [self.popleft() for _ in range(min(limit, self._length))]

    def _of(self, tenant_id: UUID) -> deque[Item]:
        return self._tenants.setdefault(tenant_id, deque())
