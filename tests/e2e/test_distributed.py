"""The five services as separate processes on RabbitMQ, PostgreSQL and Redis: each webhook has its effects once."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from tests.load.sender import send
from tests.load.webhooks import payment_id, stripe_requests
from tests.support.eventually import eventually
from tests.support.fleet import SERVICES, Fleet, running_fleet
from tests.support.meta_process import MetaProcess

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

TENANT, SECRET, PIXEL = "fleet", "whsec_fleet", "20261121"
WEBHOOKS, RATE = 200, 100.0
EFFECTS = {
    "ingest": "SELECT payment_id, count(*) FROM ingest.events GROUP BY 1",
    "detector": "SELECT payment_id, count(*) FROM detector.detections GROUP BY 1",
    "trust": "SELECT payment_id, count(*) FROM trust.ledger GROUP BY 1",
    "dispatch": "SELECT payment_id, count(*) FROM dispatch.deliveries WHERE state = 'dispatched' GROUP BY 1",
    "api": "SELECT payment_id, count(*) FROM api.conversions_view WHERE status = 'dispatched' GROUP BY 1",
}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, meta: MetaProcess) -> Iterator[Fleet]:
    set_up = (
        ("tenant", "create", TENANT),
        ("gateway", "set", TENANT, "stripe", "--secret-stdin"),
        ("destination", "add", TENANT, "meta", "--pixel-id", PIXEL, "--token-stdin"),
    )
    with running_fleet(tmp_path_factory.mktemp("fleet"), meta.url, *set_up, secret=SECRET) as running:
        yield running


async def test_every_webhook_has_each_effect_once(fleet: Fleet, meta: MetaProcess) -> None:
    run = f"{time.time_ns():x}"
    host = f"127.0.0.1:{fleet.ingest_port}"
    requests = list(stripe_requests(run, WEBHOOKS, tenant=TENANT, secret=SECRET, host=host))
    once = {payment_id(run, number): 1 for number in range(WEBHOOKS)}

    # Each twice, concurrently.
    results = await send([*requests, *requests], port=fleet.ingest_port, rate=RATE, connections=32)

    assert sorted(results.status) == [200] * WEBHOOKS + [202] * WEBHOOKS
    connection = await asyncpg.connect(fleet.dsn)
    try:

        async def effects() -> dict[str, dict[str, int]]:
            return {name: {row[0]: row[1] for row in await connection.fetch(sql)} for name, sql in EFFECTS.items()}

        async def all_done() -> bool:
            return all(len(found) == WEBHOOKS for found in (await effects()).values())

        await eventually(all_done, within_s=60)
        assert await effects() == dict.fromkeys(EFFECTS, once)
    finally:
        await connection.close()
    assert meta.datasets()[PIXEL]["event_ids"] == once


async def test_every_service_is_ready_and_the_doctor_agrees(fleet: Fleet, http: aiohttp.ClientSession) -> None:
    for service in SERVICES:

        async def is_ready(url: str = f"{fleet.url(service)}/readyz") -> bool:
            async with http.get(url) as response:
                return response.status == 200

        await eventually(is_ready)
    asked = [option for service in SERVICES for option in ("--service", fleet.url(service))]
    # Fails if any check fails.
    await asyncio.to_thread(fleet.orylo, "doctor", *asked)


def test_no_service_has_logged_an_error(fleet: Fleet) -> None:
    errors = [line for service in SERVICES for line in errors_in(fleet.log(service))]
    assert errors == []


def errors_in(log: Path) -> list[str]:
    return [line for line in log.read_text().splitlines() if '"level":"error"' in line or "Traceback" in line]
