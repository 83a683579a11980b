"""Attempts to pay in Redis: a log of fixed-size records for each customer, card, address and device.

One round trip appends the records of a batch and reads all its logs. An attempt that was reported twice is in the log
twice, and is counted once when read.
"""

import asyncio
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from orylo_common.control.sections.detection import Entity
from orylo_common.errors import TransientError
from orylo_common.messages import PaymentFact, PaymentFailed
from orylo_common.redis import REDIS_ERRORS, RedisClient
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_detector.adapters.redis_logs import NEWEST, RECORD, logs_of
from orylo_detector.deadline import within_deadline
from orylo_detector.domain.velocity import (
    UNKNOWN_CARD,
    PaymentAttempt,
    attempt_key,
    card_identity,
    entities_of,
    microseconds,
)
from orylo_detector.ports import EntityAttempts


class RedisAttempts:
    """AttemptLog in Redis, behind a circuit breaker: no payment waits while Redis is unreachable."""

    def __init__(self, redis: RedisClient, breaker: CircuitBreaker, *, read_only: bool = False) -> None:
        """With `read_only`, a payment's own attempt counts for itself and is not recorded."""
        self._breaker = breaker
        self._logs = logs_of(redis, read_only=read_only)

    async def record(self, payments: Sequence[PaymentFact]) -> list[EntityAttempts]:
        keys: list[dict[Entity, bytes]] = []
        records: dict[bytes, bytes] = {}
        for payment in payments:
            record = _encode(payment)
            keys.append({entity: _key(payment, entity, value) for entity, value in entities_of(payment)})
            for key in keys[-1].values():
                records[key] = records.get(key, b"") + record
        if not records:
            return [{} for _ in payments]
        logs = await self._append(records)
        attempts = {key: _read(data) for key, data in logs.items()}
        return [{entity: attempts[key] for entity, key in named.items()} for named in keys]

    async def _append(self, records: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        """Append the records and return the newest of all logs, in one round trip."""
        async with self._breaker:
            try:
                return await within_deadline(asyncio.create_task(self._send(records)))
            except TimeoutError:
                raise TransientError("Redis did not answer in time") from None

    async def _send(self, records: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        try:
            logs = await self._logs.append(records)
        except REDIS_ERRORS as error:
            raise TransientError(f"Redis failed ({type(error).__name__})") from error
        # A Redis short of memory may already have evicted the log.
        return {key: log or records[key] for key, log in zip(records, logs, strict=True)}


def _read(log: bytes) -> list[PaymentAttempt]:
    """Return the newest attempts, each once, as first reported but with its card, which a later report may name."""
    latest_first = sorted(map(PaymentAttempt._make, RECORD.iter_unpack(log[-NEWEST:])), reverse=True)
    first = {attempt.key: attempt for attempt in latest_first}
    if len(first) < len(latest_first):
        cards = {attempt.key: attempt.card for attempt in latest_first if attempt.card != UNKNOWN_CARD}
        first |= {key: first[key]._replace(card=card) for key, card in cards.items()}
    return list(first.values())


def _encode(payment: PaymentFact) -> bytes:
    card = card_identity(payment)
    return RECORD.pack(
        microseconds(payment.occurred_at),
        payment.amount_minor,
        payment.currency.encode(),
        isinstance(payment, PaymentFailed),
        blake2b(attempt_key(payment).encode(), digest_size=8).digest(),
        blake2b(card.encode(), digest_size=8).digest() if card else UNKNOWN_CARD,
    )


def _key(payment: PaymentFact, entity: Entity, value: str) -> bytes:
    """Hash the value: an address is personal data, and keys stay short."""
    digest = blake2b(f"{payment.tenant_id}:{entity}:{value}".encode(), digest_size=16)
    return b"attempts:" + digest.hexdigest().encode()
