from collections.abc import AsyncIterator
from datetime import timedelta

import fakeredis
import pytest
from redis.asyncio import Redis

from orylo_common.errors import TransientError
from orylo_common.messages import PaymentCreated, PaymentFailed
from orylo_common.resilience.circuit_breaker import CircuitBreaker, CircuitOpen
from orylo_detector import deadline
from orylo_detector.adapters.redis_attempts import RedisAttempts
from orylo_detector.adapters.redis_logs import KEEP, RECORD, REMEMBERED
from orylo_detector.domain.velocity import UNKNOWN_CARD, microseconds, velocities
from tests.unit.detector.cases import NOW, payment

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _no_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the deadline: on a machine that stalls no answer may be late."""
    monkeypatch.setattr(deadline, "SLICE_S", 15)


@pytest.fixture(params=["server", "in this process"])
async def redis(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[Redis]:
    of_server = request.param == "server"
    async with Redis.from_url(redis_url) if of_server else fakeredis.FakeAsyncRedis() as redis:
        await redis.flushdb()
        yield redis


@pytest.fixture
def attempts(redis: Redis) -> RedisAttempts:
    return RedisAttempts(redis, CircuitBreaker("test.redis"))


async def test_attempts_of_a_card_are_seen_by_the_next_payment_with_it(attempts: RedisAttempts) -> None:
    await attempts.record([payment(customer_id="cus_1", amount_minor=500), payment(customer_id="cus_2")])
    [known] = await attempts.record([payment(customer_id="cus_3", amount_minor=700)])

    assert {entity: len(log) for entity, log in known.items()} == {"customer": 1, "card": 3, "ip": 3}
    assert velocities(known["card"], NOW, "BRL")["1m"].amount_minor == 500 + 10_000 + 700


async def test_an_attempt_that_is_reported_twice_counts_once(attempts: RedisAttempts) -> None:
    again = payment(payment_id="stripe:pi_1")
    for batch in ([again], [again, again], [payment(payment_id="stripe:pi_1")]):
        [*_, known] = await attempts.record(batch)

    assert len(known["card"]) == 1


async def test_declines_of_one_payment_are_separate_attempts(attempts: RedisAttempts) -> None:
    refused = [payment(PaymentFailed, payment_id="stripe:pi_1", attempt_id=f"ch_{number}") for number in range(3)]
    [*_, known] = await attempts.record(refused)

    assert len(known["customer"]) == 3
    assert all(attempt.declined for attempt in known["customer"])


async def test_an_attempt_has_the_card_that_a_later_report_names(attempts: RedisAttempts) -> None:
    started = payment(PaymentCreated, payment_id="stripe:pi_1", card=None, occurred_at=NOW - timedelta(seconds=2))
    await attempts.record([started, payment(card=None)])
    [*_, known] = await attempts.record(
        [payment(payment_id="stripe:pi_1"), payment(payment_id="kiwify:1", card={"brand": "visa", "last4": "4242"})]
    )

    first, *others = sorted(known["customer"])
    assert (first.at_us, first.card != UNKNOWN_CARD) == (microseconds(started.occurred_at), True)
    assert [other.card != UNKNOWN_CARD for other in others].count(True) == 1
    assert len({attempt.card for attempt in known["customer"]}) == 3


async def test_tenants_do_not_share_entities(attempts: RedisAttempts) -> None:
    await attempts.record([payment()])
    [known] = await attempts.record([payment(tenant_id="0196b7a0-0000-7000-8000-00000000000f")])

    assert len(known["ip"]) == 1


async def test_a_payment_without_entities_needs_no_round_trip(attempts: RedisAttempts, redis: Redis) -> None:
    assert await attempts.record([payment(customer_id=None, card=None, ip=None)]) == [{}]
    assert await redis.dbsize() == 0


async def test_a_busy_log_is_trimmed_to_the_newest_attempts_and_expires_after_a_day(
    attempts: RedisAttempts, redis: Redis
) -> None:
    moment = NOW
    for _ in range(12):
        batch = [
            payment(ip=None, card=None, occurred_at=moment + timedelta(seconds=number), amount_minor=number + 1)
            for number in range(100)
        ]
        [*_, known] = await attempts.record(batch)
        moment += timedelta(seconds=100)

    assert len(known["customer"]) == REMEMBERED
    assert max(attempt.at_us for attempt in known["customer"]) == round(batch[-1].occurred_at.timestamp() * 1e6)
    [key] = await redis.keys("*")
    assert await redis.strlen(key) < 12 * 100 * RECORD.size
    assert 0 < await redis.ttl(key) <= KEEP.total_seconds()


async def test_every_log_gets_its_expiry_with_the_next_batch_at_the_latest(
    attempts: RedisAttempts, redis: Redis
) -> None:
    first = payment()
    await attempts.record([first])
    logs = await redis.keys("*")
    await attempts.record([payment(customer_id=None, card=None, ip="203.0.113.99")])

    assert all([0 < await redis.ttl(log) <= KEEP.total_seconds() for log in logs])
    assert len(await redis.keys("*")) == len(logs) + 1 == 4


@pytest.mark.parametrize("redis", ["server"], indirect=True)
async def test_on_a_server_a_batch_is_one_script_which_is_loaded_again_if_lost(
    attempts: RedisAttempts, redis: Redis
) -> None:
    await attempts.record([payment()])
    before = await redis.info("commandstats")
    await attempts.record([payment(), payment(customer_id="cus_2", card=None, ip="203.0.113.99")])
    after = await redis.info("commandstats")
    assert after["cmdstat_evalsha"]["calls"] - before["cmdstat_evalsha"]["calls"] == 1

    await redis.script_flush()
    [known] = await attempts.record([payment()])
    assert len(known["card"]) == 3


async def test_redis_holds_no_personal_data_in_clear(attempts: RedisAttempts, redis: Redis) -> None:
    await attempts.record([payment()])

    stored = str([(key, await redis.get(key)) for key in await redis.keys("*")])
    assert "203.0.113" not in stored
    assert "fp_1" not in stored


async def test_the_circuit_opens_when_redis_is_unreachable() -> None:
    nowhere = Redis.from_url("redis://127.0.0.1:1/0")
    attempts = RedisAttempts(nowhere, CircuitBreaker("test.nowhere", failures=3))
    for _ in range(3):
        with pytest.raises(TransientError):
            await attempts.record([payment()])

    with pytest.raises(CircuitOpen):
        await attempts.record([payment()])
    await nowhere.aclose()
