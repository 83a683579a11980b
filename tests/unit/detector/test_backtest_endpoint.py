"""The detector's private port runs backtests in processes of their own."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from orylo_common.control.lists.effective import EffectiveEntry
from orylo_common.control.lists.values import EntryType
from orylo_common.control.models import TenantRules
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_detector.backtests import BacktestEndpoint
from tests.unit.detector.backtest.cases import HEADER

TENANT = UUID(int=1)
FIRST = "2026-05-01T00:00:00Z"
RULE = {"id": str(UUID(int=2)), "name": "big", "expression": "payment.amount > 1.0", "action": {"kind": "block"}}


class Plane:
    """The tenant's settings, a rule that is on, and one that this version cannot read."""

    def settings(self, tenant_id: UUID, model: type[DetectionPolicy]) -> DetectionPolicy:
        assert tenant_id == TENANT
        return model(block_at=70)

    def rules(self, tenant_id: UUID) -> TenantRules:
        return TenantRules(rules=({**RULE, "mode": "on"}, {"id": "unreadable"}))


ENTRY = EffectiveEntry("block", EntryType.CUSTOMER, "ana", datetime(2026, 5, 3, tzinfo=UTC))


async def entries(tenant_id: UUID) -> AsyncGenerator[list[EffectiveEntry], None]:
    assert tenant_id == TENANT
    yield [ENTRY]
    yield [ENTRY._replace(value="bia", expires_at=None)]


async def unreachable(tenant_id: UUID) -> AsyncGenerator[list[EffectiveEntry], None]:
    yield [ENTRY]
    raise ConnectionResetError


@pytest.fixture
def endpoint() -> BacktestEndpoint:
    return BacktestEndpoint(Plane(), entries)


@pytest.fixture
async def client(endpoint: BacktestEndpoint) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    app.add_routes(endpoint.routes())
    async with TestClient(TestServer(app)) as opened:
        yield opened


def body(file: str, **changes: Any) -> bytes:
    return orjson.dumps({"tenant_id": str(TENANT), **changes}) + b"\n" + file.encode()


def payments(number: int) -> str:
    rows = [f"2026-05-{1 + each % 28:02}T00:00:{each % 60:02}Z,p{each},ana,5.00,BRL,0" for each in range(number)]
    return "\n".join([HEADER, *rows]) + "\n"


async def lines_of(response: aiohttp.ClientResponse) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (await response.read()).splitlines() if line]


async def test_the_current_settings_and_rules_are_compared_with_the_proposed_ones(
    client: TestClient[web.Request, web.Application],
) -> None:
    async with client.post("/backtests", data=body(payments(60), settings={"review_at": 30})) as response:
        *progress, last = await lines_of(response)
    assert progress[-1] == {"done": 60, "total": 60}
    current, proposed = last["report"]["variants"]
    assert (current["review_at"], current["block_at"]) == (50, 70)
    assert (proposed["review_at"], proposed["block_at"]) == (30, 70)
    assert [each["name"] for each in current["rules"]] == ["big"]


async def test_the_lists_decide_until_their_entries_end(client: TestClient[web.Request, web.Application]) -> None:
    async with client.post("/backtests", data=body(payments(28), warmup_from=FIRST, test_from=FIRST)) as response:
        *_, last = await lines_of(response)
    assert last["report"]["list_entries"] == 2
    [listed] = last["report"]["variants"][0]["lists"]
    assert (listed["name"], listed["honest"]) == ("block_list.customer", 2)


async def test_without_the_lists_nothing_is_replayed() -> None:
    app = web.Application()
    app.add_routes(BacktestEndpoint(Plane(), unreachable).routes())
    async with TestClient(TestServer(app)) as client, client.post("/backtests", data=body(payments(3))) as response:
        assert (response.status, (await response.json())["code"]) == (503, "unavailable")
    # A file is checked without them.
    async with (
        TestClient(TestServer(app)) as client,
        client.post("/backtests", data=body(payments(3), check_only=True)) as response,
    ):
        assert (await lines_of(response))[-1]["check"]["payments"] == 3


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"settings": {"block_at": 10}}, "settings: "),
        ({"test_from": "2030-01-01T00:00:00Z"}, "they must be in this order"),
        ({"columns": {"amount": "other"}}, "has no column amount"),
    ],
)
async def test_what_cannot_be_run_is_refused_with_a_reason(
    client: TestClient[web.Request, web.Application], changes: dict[str, Any], says: str
) -> None:
    async with client.post("/backtests", data=body(payments(3), **changes)) as response:
        (refused,) = await lines_of(response)
    assert says in refused["refused"]


async def test_a_body_without_a_request_is_invalid(client: TestClient[web.Request, web.Application]) -> None:
    for wrong in (b"", b"{}\n", b"x" * 300_000):
        async with client.post("/backtests", data=wrong) as response:
            assert response.status == 400


async def test_the_process_ends_with_its_client(
    client: TestClient[web.Request, web.Application], endpoint: BacktestEndpoint
) -> None:
    """The next backtest then has its turn."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0.3), client.post("/backtests", data=body(payments(50_000))) as response:
            await response.read()
    async with asyncio.timeout(20), endpoint.runs:
        pass
