"""Reads the features of payments. Payments that arrive together share one round trip to Redis and one to PostgreSQL."""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import timedelta

import structlog
from prometheus_client import Counter

from orylo_common.errors import TransientError
from orylo_common.messages import PaymentFact
from orylo_common.pace import Pace
from orylo_common.resilience.circuit_breaker import CircuitOpen
from orylo_detector.domain.countries import buyer_address
from orylo_detector.domain.features import Features
from orylo_detector.ports import AttemptLog, CountryLookup, EntityAttempts, HistoryReader, Reading

# Large enough to share the cost of a round trip, small enough to stay far below a detector's 100 ms.
MAX_BATCH = 100
# Between two batches: a small part of the 50 ms budget of a decision.
PACE = timedelta(milliseconds=5)

UNCOUNTED = Counter("orylo_detector_uncounted_total", "Payments whose attempt could not be counted in Redis")

log = structlog.get_logger(__name__)


class FeatureReader:
    """Reads in batches: payments that arrive while one batch is read form the next. A lone payment does not wait."""

    def __init__(
        self, attempts: AttemptLog, history: HistoryReader, country: CountryLookup, *, max_batch: int = MAX_BATCH
    ) -> None:
        self._attempts = attempts
        self._history = history
        self._country = country
        self._max_batch = max_batch
        self._waiting: deque[tuple[PaymentFact, asyncio.Future[Reading]]] = deque()
        self._running: asyncio.Task[None] | None = None
        self._pace = Pace(PACE)

    def read(self, payment: PaymentFact) -> asyncio.Future[Reading]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Reading] = loop.create_future()
        self._waiting.append((payment, future))
        if self._running is None:
            self._running = loop.create_task(self._run())
        return future

    async def _run(self) -> None:
        try:
            while self._waiting:
                if len(self._waiting) < self._max_batch:
                    await self._pace.turn()
                size = min(len(self._waiting), self._max_batch)
                await self._read_batch([self._waiting.popleft() for _ in range(size)])
        finally:
            self._running = None

    async def _read_batch(self, batch: list[tuple[PaymentFact, asyncio.Future[Reading]]]) -> None:
        payments = [payment for payment, _ in batch]
        counting = asyncio.create_task(self._count(payments))
        try:
            histories = await self._history.read(payments)
        except Exception as error:  # noqa: BLE001  (each caller receives it)
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        finally:
            attempts = await counting
        for (payment, future), history, known in zip(batch, histories, attempts, strict=True):
            if not future.done():
                address = buyer_address(payment)
                ip_country = self._country(address) if address else None
                features = Features(
                    known, history.customer, history.amounts, ip_country, history.listed, history.entities
                )
                future.set_result(Reading(features, history.known))

    async def _count(self, payments: Sequence[PaymentFact]) -> Sequence[EntityAttempts | None]:
        """Record the attempts. Without Redis they are unknown, and the decision is made without them."""
        try:
            return await self._attempts.record(payments)
        except CircuitOpen:
            pass
        except TransientError as error:
            log.warning("attempts.uncounted", payments=len(payments), error=str(error))
        except Exception:
            log.exception("attempts.uncounted", payments=len(payments))
        UNCOUNTED.inc(len(payments))
        return [None] * len(payments)
