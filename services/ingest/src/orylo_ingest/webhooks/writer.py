"""Store a webhook's record and hand its message to the relay."""

from dataclasses import dataclass
from datetime import timedelta

from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem
from orylo_common.postgres.group_commit import Overloaded
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_ingest.http import problems
from orylo_ingest.webhooks.record import Record
from orylo_ingest.webhooks.store import EventStore, WriteOutcome

# For a 503 without a better estimate.
RETRY_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class WebhookWriter:
    store: EventStore
    relay: OutboxRelay
    breaker: CircuitBreaker

    def check_available(self) -> None:
        """Raise `HTTPProblem` while the circuit is open."""
        if wait := self.breaker.retry_after:
            raise HTTPProblem(problems.unavailable(wait))

    async def write(self, record: Record) -> WriteOutcome:
        """Return once the record is durable. Raises `HTTPProblem` if it could not be stored."""
        overloaded = False
        try:
            async with self.breaker:
                try:
                    outcome = await self.store.add(record)
                except Overloaded:
                    # PostgreSQL responds, only slowly: no reason to open the circuit.
                    overloaded = True
            if not overloaded:
                await self._relay(record, outcome)
                return outcome
        except TransientError as error:
            raise HTTPProblem(problems.unavailable(error.retry_after or RETRY_AFTER)) from None
        raise HTTPProblem(problems.unavailable(RETRY_AFTER))

    async def _relay(self, record: Record, outcome: WriteOutcome) -> None:
        if outcome is WriteOutcome.DUPLICATE:
            return
        if outcome is WriteOutcome.CONFLICT:
            message = await self.store.add_conflict(record)
        else:
            message = record.outgoing or record.announcement
        if message is not None:
            self.relay.offer((message,))
