"""Rate limits apply to the sender alone, and work without Redis."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from redis.asyncio import Redis

from orylo_common.control.sections.limits import LimitSettings
from orylo_common.control.sections.store import write_section
from orylo_common.control.tenants import find_tenant
from orylo_common.messages import WebhookRejected
from orylo_common.postgres.pool import open_pool
from orylo_ingest.http import rate_limiter as limits
from tests.integration.ingest.running import (
    TENANT,
    Answer,
    Ingest,
    open_another,
    running_ingest,
    stripe_signature,
)
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.unit.ingest.given import stripe

pytestmark = pytest.mark.integration

# One trusted proxy, whose X-Forwarded-For gives the caller's address.
PROXY: dict[str, Any] = {"ORYLO_INGEST_TRUSTED_PROXIES": 1}
FLOODER, OTHER = "203.0.113.7", "198.51.100.9"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as redis:
        await redis.flushall()
        yield redis


@pytest.fixture
async def ingest(postgres_dsn: str, redis: Redis) -> AsyncIterator[Ingest]:
    async with running_ingest(postgres_dsn, redis=redis, **PROXY) as ingest:
        yield ingest


async def limit(dsn: str, **allowed: int) -> None:
    async with open_pool(dsn, role="postgres", max_size=1) as pool, pool.acquire() as connection:
        tenant = await find_tenant(connection, TENANT)
        await write_section(connection, tenant.id, LimitSettings(**allowed), actor=ACTOR)


def payment(number: int) -> bytes:
    event = stripe("charge.succeeded", payment_intent=f"pi_{number}")
    return orjson.dumps(event | {"id": f"evt_{number}"})


async def genuine(ingest: Ingest, number: int, address: str = FLOODER) -> Answer:
    body = payment(number)
    return await ingest.post(body, headers={"Stripe-Signature": stripe_signature(body), "X-Forwarded-For": address})


async def forged(ingest: Ingest, address: str = FLOODER) -> Answer:
    body = payment(0)
    signature = stripe_signature(body, "whsec_guessed")
    return await ingest.post(body, headers={"Stripe-Signature": signature, "X-Forwarded-For": address})


async def visit(ingest: Ingest, address: str | None = FLOODER) -> int:
    body = {"click_id": "oc_" + "a" * 22, "kind": "pageview"}
    headers = {"X-Forwarded-For": address} if address else {}
    async with ingest.session.post(f"{ingest.url}/api/v1/track/{TENANT}", json=body, headers=headers) as response:
        if response.status == 429:
            assert int(response.headers["Retry-After"]) >= 1
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            assert (await response.json(content_type=None))["code"] == "too_many_visits"
        return response.status


async def until_429(send: Callable[[int], Awaitable[int]]) -> Counter[int]:
    statuses: Counter[int] = Counter()

    async def is_refused() -> bool:
        for _ in range(20):
            statuses[await send(statuses.total())] += 1
        return statuses[429] > 0

    await eventually(is_refused)
    return statuses


async def test_webhooks_beyond_the_tenants_limit_are_answered_429(ingest: Ingest, postgres_dsn: str) -> None:
    await limit(postgres_dsn, webhooks=5)
    async with open_another(postgres_dsn, ingest, **PROXY) as other:

        async def send(number: int) -> int:
            return (await genuine((ingest, other)[number % 2], number)).status

        statuses = await until_429(send)
        assert set(statuses) == {202, 429}
        # The allowance of ten seconds for both processes, which may have read the new limit a moment later.
        assert statuses[202] >= 50
        # If the other process refused first, this one refuses after the next sync.
        answers: list[Answer] = []

        async def is_limited() -> bool:
            answers.append(await genuine(ingest, 100_000 + len(answers)))
            return answers[-1].status == 429

        await eventually(is_limited)
    answer = answers[-1]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert 1 <= int(answer.headers["Retry-After"]) <= 10
    assert (answer.body["status"], answer.body["code"]) == (429, "too_many_webhooks")
    assert await ingest.rows("events") == statuses[202] + len(answers) - 1

    def is_reported() -> bool:
        refusals = [message for message in ingest.published.messages if isinstance(message, WebhookRejected)]
        return {(message.status, message.code) for message in refusals} == {(429, "too_many_webhooks")}

    await eventually(is_reported)


async def test_an_address_that_guesses_signatures_is_limited_and_the_gateway_is_not(
    ingest: Ingest, postgres_dsn: str
) -> None:
    await limit(postgres_dsn, rejected_webhooks_per_address=2)

    codes: set[str] = set()

    async def guess(_: int) -> int:
        answer = await forged(ingest)
        if answer.status == 429:
            codes.add(answer.body["code"])
        return answer.status

    assert set(await until_429(guess)) == {401, 429}
    assert codes == {"too_many_refused"}
    assert (await forged(ingest, OTHER)).status == 401
    assert (await genuine(ingest, 1, OTHER)).status == 202
    async with ingest.session.get(f"{ingest.url}/metrics") as response:
        assert 'orylo_webhooks_total{gateway="stripe",outcome="rate_limited"}' in await response.text()


async def test_an_address_that_asks_for_unknown_targets_is_limited_only_for_those(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UNKNOWN_TARGETS_PER_ADDRESS", 2)

    async def ask_for_unknown_target(number: int, address: str = FLOODER) -> Answer:
        tenant, gateway = (TENANT, "kiwify") if number % 2 else (f"guess-{number}", "stripe")
        return await ingest.post(payment(0), tenant=tenant, gateway=gateway, headers={"X-Forwarded-For": address})

    codes: set[str] = set()

    async def guess(number: int) -> int:
        answer = await ask_for_unknown_target(number)
        if answer.status == 429:
            codes.add(answer.body["code"])
        return answer.status

    async def visit_unknown_tenant(_: int) -> int:
        async with ingest.session.post(
            f"{ingest.url}/api/v1/track/nobody", data=b"{}", headers={"X-Forwarded-For": FLOODER}
        ) as response:
            return response.status

    assert set(await until_429(guess)) == {404, 429}
    assert codes == {"too_many_refused"}
    assert set(await until_429(visit_unknown_tenant)) <= {404, 429}
    assert (await ask_for_unknown_target(1, OTHER)).status == 404
    assert (await genuine(ingest, 1)).status == 202
    assert (await forged(ingest)).status == 401
    assert await visit(ingest) == 202


async def test_an_address_with_too_many_visits_is_limited(ingest: Ingest, postgres_dsn: str) -> None:
    await limit(postgres_dsn, visits_per_address=2)

    async def send_visit(_: int) -> int:
        return await visit(ingest)

    assert set(await until_429(send_visit)) == {202, 429}
    assert await visit(ingest, OTHER) == 202


async def test_the_loopback_address_is_limited_like_any_other(postgres_dsn: str, redis: Redis) -> None:
    async with running_ingest(postgres_dsn, redis=redis) as ingest:
        await limit(postgres_dsn, visits_per_address=2, rejected_webhooks_per_address=2)

        async def send_visit(_: int) -> int:
            return await visit(ingest, None)

        async def guess(_: int) -> int:
            signature = stripe_signature(payment(0), "whsec_guessed")
            return (await ingest.post(payment(0), headers={"Stripe-Signature": signature})).status

        assert set(await until_429(send_visit)) == {202, 429}
        assert set(await until_429(guess)) == {401, 429}
        # An unconfigured proxy: all callers share its address, so it is not limited.
        assert {await visit(ingest) for _ in range(50)} == {202}


async def test_all_addresses_together_have_a_limit(ingest: Ingest, postgres_dsn: str) -> None:
    await limit(postgres_dsn, visits=2)

    async def send_visit(number: int) -> int:
        return await visit(ingest, f"192.0.2.{number % 250}")

    assert set(await until_429(send_visit)) == {202, 429}


async def test_no_request_is_limited_or_delayed_without_redis(postgres_dsn: str) -> None:
    server = FakeServer()
    server.connected = False
    async with running_ingest(postgres_dsn, redis=FakeAsyncRedis(server=server), **PROXY) as ingest:
        await limit(postgres_dsn, webhooks=1)
        sent = 0

        async def all_are_accepted() -> bool:
            nonlocal sent
            sent += 30
            return {(await genuine(ingest, number)).status for number in range(sent - 30, sent)} == {202}

        async def circuit_is_open() -> bool:
            await all_are_accepted()
            async with ingest.session.get(f"{ingest.url}/metrics") as response:
                return 'orylo_circuit_state{name="ingest.limits"} 2.0' in await response.text()

        # Until the circuit opens, each process limits by its own count.
        await eventually(circuit_is_open)
        loop = asyncio.get_running_loop()
        started = loop.time()
        assert await all_are_accepted()
        # It takes a fraction of a second.
        assert loop.time() - started < 20
