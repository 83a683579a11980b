"""Hand messages straight to subscriptions of the same process, without a row in the bus.

The sender's outbox keeps the message until every queue has settled it. If the process ends before, the outbox publishes
the message again.
"""

from collections.abc import Callable
from uuid import UUID

from orylo_common.broker.ports import Outgoing


class DirectMessage:
    """A message in the hands of one subscription of each of its queues.

    `settled` is called once, after the last queue: with the message's id, and true if no queue needs it any more.
    """

    __slots__ = ("_lost", "_open", "_settled", "message", "tenant_id")

    def __init__(
        self, message: Outgoing, tenant_id: UUID, *, queues: int, settled: Callable[[UUID, bool], None]
    ) -> None:
        self.message = message
        self.tenant_id = tenant_id
        self._open = queues
        self._lost = False
        self._settled = settled

    def settle(self, *, lost: bool = False) -> None:
        """Report that one queue has settled the message, or that its subscription could not keep it."""
        self._open -= 1
        self._lost |= lost
        if not self._open:
            self._settled(self.message.message_id, not self._lost)
