"""Everything that uses Redis, on a cluster of three nodes."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from redis.asyncio import RedisCluster

from orylo_common.messages import TrustStatus
from orylo_common.redis import RedisClient, connect
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_common.telemetry.traces import configure_traces
from orylo_detector import deadline
from orylo_detector.adapters.redis_attempts import RedisAttempts
from orylo_detector.adapters.redis_logs import KEEP, RECORD, REMEMBERED
from orylo_ingest.http.rate_limiter import RateLimiter
from orylo_trust.adapters import redis_standings
from orylo_trust.adapters.redis_standings import RedisStandings
from orylo_trust.domain.account import Standing
from tests.support.collector import attributes_of, running_collector
from tests.support.eventually import eventually
from tests.support.redis import redis_cluster
from tests.unit.detector.cases import payment

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_cluster(tmp_path_factory.mktemp("cluster")) as url:
        yield url


@pytest.fixture
async def cluster(cluster_url: str) -> AsyncIterator[RedisClient]:
    async with connect(cluster_url, timeout_s=30) as redis:
        assert isinstance(redis, RedisCluster)
        await redis.flushall(target_nodes=RedisCluster.PRIMARIES)
        yield redis


@pytest.fixture(autouse=True)
def _no_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "SLICE_S", 15)
    monkeypatch.setattr(redis_standings, "TIMEOUT", timedelta(seconds=60))


async def test_the_attempts_of_a_batch_are_spread_over_the_nodes_and_all_read(cluster: RedisClient) -> None:
    attempts = RedisAttempts(cluster, CircuitBreaker("test.cluster"))
    batch = [payment(customer_id=f"cus_{number}", card={"fingerprint": f"fp_{number}"}) for number in range(50)]
    await attempts.record(batch)
    known = await attempts.record([each.model_copy(update={"payment_id": f"{each.payment_id}b"}) for each in batch])

    assert [(len(each["customer"]), len(each["card"])) for each in known] == [(2, 2)] * 50
    assert isinstance(cluster, RedisCluster)
    sizes = await cluster.dbsize(target_nodes=RedisCluster.PRIMARIES)
    assert sum(sizes.values()) == 101 if isinstance(sizes, dict) else sizes == 101


async def test_a_busy_log_in_a_cluster_is_trimmed_and_expires(cluster: RedisClient) -> None:
    attempts = RedisAttempts(cluster, CircuitBreaker("test.cluster"))
    busy = payment(customer_id="cus_busy", ip=None, card=None)
    for number in range(12):
        batch = [busy.model_copy(update={"payment_id": f"stripe:pi_{number}_{each}"}) for each in range(100)]
        [*_, known] = await attempts.record(batch)

    assert len(known["customer"]) == REMEMBERED
    assert isinstance(cluster, RedisCluster)
    keys = await cluster.keys("attempts:*", target_nodes=RedisCluster.PRIMARIES)
    lengths = {key: await cluster.strlen(key) for key in keys}
    longest = max(lengths, key=lambda key: lengths[key])
    assert REMEMBERED * RECORD.size <= lengths[longest] < 12 * 100 * RECORD.size
    assert 0 < await cluster.ttl(longest) <= KEEP.total_seconds()


async def test_with_tracing_commands_and_pipelines_are_spans_without_their_values(cluster_url: str) -> None:
    with running_collector() as collector:
        with configure_traces("trust", collector.endpoint):
            async with connect(cluster_url, timeout_s=30) as redis:
                await redis.set("private-key", "private-value")
                pipeline = redis.pipeline()
                pipeline.get("private-key")
                assert await pipeline.execute() == [b"private-value"]
        spans = collector.spans()

    assert attributes_of(spans["SET"]) == {"db.system.name": "redis", "db.operation.name": "SET"}
    assert attributes_of(spans["PIPELINE"])["db.operation.batch.size"] == 1
    assert b"private" not in b"".join(collector.raw)


async def test_scores_are_cached_and_forgotten_together(cluster: RedisClient) -> None:
    tenant_id, standing = uuid4(), Standing(52, TrustStatus.NEUTRAL, 3)
    customers = [f"cus_{number}" for number in range(20)]
    async with RedisStandings(cluster, CircuitBreaker("test.cluster")) as cache:
        for customer_id in customers:
            await cache.put(tenant_id, customer_id, standing)
        assert [await cache.get(tenant_id, each) for each in customers] == [standing] * 20
        for customer_id in customers:
            cache.forget(tenant_id, customer_id)
    assert [await cache.get(tenant_id, each) for each in customers] == [None] * 20


async def test_rate_limits_are_shared_through_the_cluster(cluster: RedisClient) -> None:
    tenant_id = uuid4()
    async with RateLimiter.open(cluster) as one, RateLimiter.open(cluster) as two:
        for _ in range(60):
            one.consume("webhooks", tenant_id, 5)

        def is_blocked() -> bool:
            return two.consume("webhooks", tenant_id, 5) is not None

        await eventually(is_blocked)
