"""A smoke test ends at the first step that fails, in time and with advice."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

import asyncpg
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from orylo_cli.simulate.requests import SimulatedGateway
from orylo_cli.smoke.sale import new_sale
from orylo_cli.smoke.steps import (
    SELECT_CLICK,
    SELECT_CONVERSION,
    SELECT_DECISION,
    SELECT_SHOWN,
    SmokeStep,
    SmokeTest,
)
from orylo_common.webhook_signing import WebhookSigner

NOW = datetime(2026, 11, 28, tzinfo=UTC)
ARRIVED = {
    SELECT_CLICK: "stored",
    SELECT_DECISION: "allow, risk 3",
    SELECT_CONVERSION: "dispatched",
    SELECT_SHOWN: "succeeded",
}


class Database:
    def __init__(self, values: Mapping[str, str | None]) -> None:
        self.values = values

    async def fetchval(self, query: str, *_: Any) -> str | None:
        return self.values[query]


@pytest.fixture
async def ingest() -> AsyncIterator[str]:
    async def accept(request: web.Request) -> web.Response:
        return web.Response(status=202 if request.match_info["shop"] == "loja" else 404)

    app = web.Application()
    app.add_routes([web.post("/api/v1/track/{shop}", accept), web.post("/api/v1/webhooks/stripe/{shop}", accept)])
    async with TestServer(app) as server:
        yield str(server.make_url(""))


async def run(ingest: str, values: Mapping[str, str | None], tenant: str = "loja") -> list[SmokeStep]:
    connection = cast(asyncpg.Connection, Database(values))
    signer = WebhookSigner("stripe", "whsec_1")
    return await SmokeTest(connection, ingest, uuid4(), tenant, new_sale("stripe", NOW), signer, limit_s=0.3).run()


async def test_a_sale_that_arrives_everywhere_passes_every_step(ingest: str) -> None:
    steps = await run(ingest, ARRIVED)

    assert [(step.name, step.ok, step.advice) for step in steps] == [
        (name, True, "") for name in ("click", "webhook", "decision", "conversion", "dashboard")
    ]


@pytest.mark.parametrize(
    ("query", "value", "step", "finding"),
    [
        (SELECT_CLICK, None, "click", "nothing within 0.3 s"),
        (SELECT_DECISION, None, "decision", "nothing within 0.3 s"),
        (SELECT_DECISION, "block, risk 97", "decision", "block, risk 97"),
        (SELECT_CONVERSION, None, "conversion", "nothing within 0.3 s"),
        (SELECT_CONVERSION, "failed (190/463)", "conversion", "failed (190/463)"),
        (SELECT_CONVERSION, "dispatched, failed (100)", "conversion", "dispatched, failed (100)"),
        (SELECT_SHOWN, None, "dashboard", "nothing within 0.3 s"),
    ],
)
async def test_the_first_step_that_fails_ends_the_test(
    ingest: str, query: str, value: str | None, step: str, finding: str
) -> None:
    *passed, last = await run(ingest, {**ARRIVED, query: value})

    assert all(each.ok for each in passed)
    assert (last.name, last.ok, last.finding) == (step, False, finding)
    assert last.advice


async def test_a_refusal_of_ingest_and_no_ingest_are_failures(ingest: str) -> None:
    assert [(step.name, step.ok) for step in await run(ingest, ARRIVED, tenant="other")] == [("click", False)]
    (step,) = await run("http://127.0.0.1:1", ARRIVED)
    assert step.finding == "ingest answered nothing (ClientConnectorError)"


@pytest.mark.parametrize("gateway", ["stripe", "hotmart"])
def test_every_sale_is_new(gateway: SimulatedGateway) -> None:
    first, second = new_sale(gateway, NOW), new_sale(gateway, NOW)

    assert first.payment_id != second.payment_id
    assert first.visit.click_id != second.visit.click_id
    assert first.payment_id.partition(":")[2] in first.webhook_body.decode()
    assert orjson.loads(first.visit_body)["click_id"] == first.visit.click_id
