"""Attempts to pay in Redis: a log of fixed-size records for each customer, card, address and device.

A log is a string that is only appended to, so replicas never overwrite each other and one command per entity records
a payment. The same round trip reads all logs of a batch. An attempt that was reported twice is in the log twice, and
is counted once when read.
"""

import asyncio
import struct
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import blake2b

from redis.asyncio import RedisCluster

from orylo_common.control.sections.detection import Entity
from orylo_common.errors import TransientError
from orylo_common.messages import PaymentFact, PaymentFailed
from orylo_common.redis import REDIS_ERRORS, RedisClient
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_detector.deadline import within_deadline
from orylo_detector.domain.velocity import (
    LONGEST,
    UNKNOWN_CARD,
    PaymentAttempt,
    attempt_key,
    card_identity,
    entities_of,
    microseconds,
)
from orylo_detector.ports import EntityAttempts

RECORD = struct.Struct("<qq3s?8s8s")
# Records read per entity, the newest. The highest limit of a policy is half of this.
REMEMBERED = 512
TRIM_ABOVE = 2 * REMEMBERED * RECORD.size
# A record appended in the last hour before a renewal still lives for the longest window.
KEEP = LONGEST + timedelta(hours=2)
HOUR_US = 3_600_000_000


class RedisAttempts:
    """AttemptLog in Redis, behind a circuit breaker: no payment waits while Redis is unreachable."""

    def __init__(self, redis: RedisClient, breaker: CircuitBreaker, *, read_only: bool = False) -> None:
        """With `read_only`, a payment's own attempt counts for itself and is not recorded."""
        self._redis = redis
        self._breaker = breaker
        self._read_only = read_only
        # Sent with the next batch.
        self._to_renew: set[bytes] = set()
        self._to_trim: dict[bytes, bytes] = {}

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
        attempts = {key: self._read(key, data, records[key]) for key, data in logs.items()}
        return [{entity: attempts[key] for entity, key in named.items()} for named in keys]

    async def _append(self, records: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        """Append the records and return all logs, in one round trip."""
        async with self._breaker:
            try:
                return await within_deadline(asyncio.create_task(self._send(records)))
            except TimeoutError:
                raise TransientError("Redis did not answer in time") from None

    async def _send(self, records: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        pipeline = self._redis.pipeline(transaction=False)
        if not self._read_only:
            for key, newest in self._to_trim.items():
                pipeline.set(key, newest, ex=KEEP)
            for key in self._to_renew:
                pipeline.expire(key, KEEP)
            for key, data in records.items():
                pipeline.append(key, data)
        self._to_trim, self._to_renew = {}, set()
        in_cluster = isinstance(self._redis, RedisCluster)
        if in_cluster:
            # The keys of one batch are on several nodes.
            for key in records:
                pipeline.get(key)
        else:
            pipeline.mget(list(records))
        try:
            replies = await pipeline.execute()
        except REDIS_ERRORS as error:
            raise TransientError(f"Redis failed ({type(error).__name__})") from error
        logs = zip(records, replies[-len(records) :] if in_cluster else replies[-1], strict=True)
        if self._read_only:
            return {key: (log or b"") + records[key] for key, log in logs}
        # A Redis short of memory may already have evicted the log.
        return {key: log or records[key] for key, log in logs}

    def _read(self, key: bytes, data: bytes, appended: bytes) -> list[PaymentAttempt]:
        """Return the newest attempts, each once, as first reported but with its card, which a later report may name.

        Also note whether to renew or trim the log.
        """
        earlier = len(data) - len(appended)
        if earlier < RECORD.size or _hour(data, earlier - RECORD.size) != _hour(data, len(data) - RECORD.size):
            self._to_renew.add(key)
        newest = data[-REMEMBERED * RECORD.size :]
        if len(data) > TRIM_ABOVE:
            # Trimming may lose an append of another replica: fewer than one in a thousand.
            self._to_trim[key] = newest
        latest_first = sorted(map(PaymentAttempt._make, RECORD.iter_unpack(newest)), reverse=True)
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


def _hour(data: bytes, offset: int) -> int:
    at_us: int = struct.unpack_from("<q", data, offset)[0]
    return at_us // HOUR_US
