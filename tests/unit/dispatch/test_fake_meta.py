"""The fake Meta refuses the same events as Meta, and counts as Meta does."""

import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from orylo_cli.demo.fake_meta import FakeMeta, run_fake_meta
from tests.unit.dispatch.cases import EMAIL

NOW = int(time.time())


@pytest.fixture
async def meta() -> AsyncIterator[FakeMeta]:
    async with run_fake_meta() as fake:
        yield fake


def event(**changes: Any) -> dict[str, Any]:
    fields = {
        "event_name": "Purchase",
        "event_time": NOW,
        "event_id": "e1",
        "action_source": "website",
        "event_source_url": "https://shop.example/",
        "user_data": {"em": [EMAIL]},
        "custom_data": {"value": 12.5, "currency": "BRL"},
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


async def post(meta: FakeMeta, *events: Any, token: str | None = "token", dataset: str = "1") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{meta.base_url}/v26.0/{dataset}/events", json={"data": list(events)}, headers=headers) as answer,
    ):
        return answer.status, await answer.json() if answer.content_type == "application/json" else None


async def control(meta: FakeMeta, **fault: Any) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{meta.base_url}/__control/mode", json=fault) as answer,
    ):
        return answer.status


@pytest.mark.parametrize(
    ("changes", "subcode"),
    [
        ({"event_time": NOW - 8 * 86_400}, 2804003),
        ({"event_time": NOW + 3600}, 2804004),
        ({"custom_data": {"currency": "BRL"}}, 2804009),
        ({"custom_data": {"value": 1}}, 2804023),
        ({"custom_data": {"value": 1, "currency": "R$"}}, 2804023),
        ({"custom_data": {"value": 1, "currency": "BRL", "contents": [{"quantity": 1}]}}, 2804008),
        ({"user_data": {"em": ["ana@example.com"]}}, 2804016),
        ({"user_data": {"fn": [EMAIL]}}, 2804050),
        ({"user_data": {"client_user_agent": "Mozilla"}}, 2804050),
        ({"user_data": {"em": [EMAIL], "fbc": f"fb.1.{NOW}000.fb.1.{NOW}000.x"}}, 2804001),
        ({"user_data": {"em": [EMAIL], "fbc": f"fb.1.{NOW - 91 * 86_400}000.x"}}, 2804001),
        ({"unknown_key": 1}, None),
        ({"user_data": None}, None),
        ({"event_name": None}, None),
        ({"action_source": "shop"}, None),
        ({"event_source_url": None}, None),
        ({"event_time": str(NOW)}, None),
    ],
)
async def test_one_bad_event_fails_the_request(meta: FakeMeta, changes: dict[str, Any], subcode: int | None) -> None:
    status, body = await post(meta, event(event_id="good"), event(**changes))

    assert (status, body["error"]["code"], body["error"].get("error_subcode")) == (400, 100, subcode)
    assert meta.report()["received"] == 0


async def test_accepted_events_are_counted_once_by_their_id(meta: FakeMeta) -> None:
    for _ in range(2):
        assert (await post(meta, event(), event(event_id="e2")))[0] == 200
    assert (await post(meta, event(), dataset="2"))[1]["events_received"] == 1

    report = meta.report()
    assert (report["received"], report["unique"], report["requests"]) == (5, 3, 3)
    assert report["datasets"]["1"]["event_ids"] == {"e1": 2, "e2": 2}


async def test_a_repeat_after_the_window_counts_again() -> None:
    later = {"by": 0.0}
    async with run_fake_meta(now=lambda: time.time() + later["by"]) as meta:
        await post(meta, event())
        later["by"] = 49 * 3600
        await post(meta, event())

        assert meta.report()["unique"] == 2
        assert meta.report()["datasets"]["1"]["counted_twice"] == ["e1"]


async def test_a_request_without_token_without_events_or_with_too_many_fails(meta: FakeMeta) -> None:
    assert (await post(meta, event(), token=None))[1]["error"]["code"] == 190
    assert (await post(meta))[0] == 400
    assert (await post(meta, *[event()] * 1001))[0] == 400
    assert (await post(meta, event(event_source_url="x" * 1_100_000)))[0] == 413


async def test_it_injects_faults_for_one_dataset_or_for_all(meta: FakeMeta) -> None:
    assert await control(meta, mode="expired_token", dataset_id="1") == 200
    assert (await post(meta, event()))[1]["error"]["error_subcode"] == 463
    assert (await post(meta, event(), dataset="2"))[0] == 200

    assert await control(meta, mode="down", dataset_id="1", status=502) == 200
    assert await post(meta, event()) == (502, None)
    assert await control(meta, dataset_id="1", refuse_event_ids=["e2"], refuse_subcode=2804050) == 200
    assert (await post(meta, event(), event(event_id="e2")))[1]["error"]["error_subcode"] == 2804050
    assert (await post(meta, event()))[0] == 200
    assert await control(meta, mode="on fire") == 422
