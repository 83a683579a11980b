"""An evaluation waits for the detector without a transaction, and a repetition gets the first response."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from orylo_api.http.idempotency import INSERT_RESPONSE
from tests.integration.api.conftest import Api
from tests.support.eventually import eventually

pytestmark = pytest.mark.integration

URL = "/api/v1/detections/evaluate"
PAYMENT = {"amount_minor": 19790, "currency": "BRL", "payment_method": "card"}
# Requests that hold a connection and a claimed key while they wait.
IDLE_IN_TRANSACTION = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'idle in transaction' AND query LIKE '%api.idempotency_keys%'
"""
# The detector inserts a row into its table, and waits for the lock on it.
WAITING = """
    SELECT count(*) FROM pg_locks
    WHERE NOT granted AND relation = 'detector.detections'::regclass
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


async def ask(client: aiohttp.ClientSession, key: str, **body: Any) -> tuple[int, bytes, bool]:
    async with client.post(URL, json={**PAYMENT, **body}, headers={"Idempotency-Key": key}) as response:
        return response.status, await response.read(), "Idempotency-Replayed" in response.headers


async def test_no_transaction_is_open_while_the_detector_decides(api: Api, machine: aiohttp.ClientSession) -> None:
    async with api.pool.acquire() as connection, connection.transaction():
        # The detector waits here to record its decision.
        await connection.execute("LOCK TABLE detector.detections IN EXCLUSIVE MODE")
        asked = [asyncio.create_task(ask(machine, uuid4().hex)) for _ in range(3)]

        async def waits() -> bool:
            return bool(await api.pool.fetchval(WAITING))

        await eventually(waits)
        assert await api.pool.fetchval(IDLE_IN_TRANSACTION) == 0
    await asyncio.gather(*asked)


async def test_repetitions_at_the_same_time_get_one_response(api: Api, machine: aiohttp.ClientSession) -> None:
    key = uuid4().hex

    answers = await asyncio.gather(*(ask(machine, key) for _ in range(5)))

    assert {(status, body) for status, body, _ in answers} == {(200, answers[0][1])}
    assert [replayed for *_, replayed in answers].count(False) == 1


async def test_a_key_of_another_request_is_refused_before_the_detector_decides(
    api: Api, machine: aiohttp.ClientSession
) -> None:
    key = uuid4().hex
    await ask(machine, key)
    decided = await api.pool.fetchval("SELECT count(*) FROM detector.detections")

    status, problem, _ = await ask(machine, key, amount_minor=1)

    assert (status, b"idempotency_key_reused" in problem) == (409, True)
    assert await api.pool.fetchval("SELECT count(*) FROM detector.detections") == decided


async def test_a_response_is_stored_without_waiting_for_the_disk_and_the_next_commit_waits_again(api: Api) -> None:
    given = (api.a.tenant.id, uuid4().hex, b"fingerprint", datetime.now(UTC), 200, b"{}")
    async with api.pool.acquire() as connection:
        async with connection.transaction():
            assert await connection.fetchval(INSERT_RESPONSE, *given) is not None
            assert await connection.fetchval("SHOW synchronous_commit") == "off"
        assert await connection.fetchval("SHOW synchronous_commit") == "on"


async def test_a_repetition_whose_response_a_crash_lost_gets_the_same_decision(
    api: Api, machine: aiohttp.ClientSession
) -> None:
    key = uuid4().hex
    first = await ask(machine, key)
    decided = await api.pool.fetchval("SELECT count(*) FROM detector.detections")
    await api.pool.execute("DELETE FROM api.idempotency_keys WHERE key = $1", key)

    status, body, _ = await ask(machine, key)

    assert (status, json.loads(body)) == (200, json.loads(first[1]))
    assert await api.pool.fetchval("SELECT count(*) FROM detector.detections") == decided
