"""Destinations are added, changed and checked over the API; their tokens stay secret."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web

from orylo_common.control import Keyring
from orylo_common.control.models import Role
from orylo_common.messages import ConversionDispatched, ConversionFailed, ConversionMatched
from tests.integration.api.conftest import Api, running_api
from tests.support.servers import free_ports
from tests.unit.api.builders import conversion

pytestmark = pytest.mark.integration

CONFIG = {"pixel_id": "1234567890", "site_url": "https://shop.example"}


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


async def send(machine: aiohttp.ClientSession, method: str, path: str, body: Any = None, **headers: str) -> Any:
    async with machine.request(method, f"/api/v1{path}", json=body, headers=headers) as response:
        return response.status, await response.json(content_type=None), response.headers


async def added(machine: aiohttp.ClientSession, **changes: Any) -> dict[str, Any]:
    body = {"kind": "meta", "name": uuid4().hex, "token": "EAAsecret", "config": CONFIG, **changes}
    status, destination, _ = await send(machine, "POST", "/destinations", body)
    assert status == 201, destination
    shown: dict[str, Any] = destination
    return shown


async def test_a_destination_is_added_with_its_token_encrypted(api: Api, machine: aiohttp.ClientSession) -> None:
    destination = await added(machine)
    assert destination["config"] == CONFIG
    assert "EAAsecret" not in str(destination)
    stored = await api.pool.fetchval(
        "SELECT secret_encrypted FROM control.destinations WHERE id = $1", destination["id"]
    )
    assert Keyring.parse(api.master_key).decrypt(stored) == "EAAsecret"
    status, shown, _ = await send(machine, "GET", f"/destinations/{destination['id']}")
    assert (status, shown) == (200, destination)


async def test_a_change_keeps_the_token_unless_a_new_one_is_given(api: Api, machine: aiohttp.ClientSession) -> None:
    destination = await added(machine)
    path = f"/destinations/{destination['id']}"
    status, changed, _ = await send(machine, "PUT", path, {"enabled": False, "config": {"pixel_id": "99"}})
    assert (status, changed["enabled"], changed["config"]) == (200, False, {"pixel_id": "99"})

    async def token() -> str:
        select = "SELECT secret_encrypted FROM control.destinations WHERE id = $1"
        return Keyring.parse(api.master_key).decrypt(await api.pool.fetchval(select, destination["id"]))

    assert await token() == "EAAsecret"
    await send(machine, "PUT", path, {"token": "EAAnew", "config": {"pixel_id": "99"}})
    assert await token() == "EAAnew"
    lines = await api.pool.fetch(
        "SELECT action, after::text FROM control.audit_log WHERE subject = $1 ORDER BY id",
        f"destination meta {destination['name']}",
    )
    assert [line["action"] for line in lines] == ["destination.add", "destination.change", "destination.change"]
    assert "replaced" in lines[-1]["after"]
    assert not any("EAA" in line["after"] for line in lines)


async def test_a_stale_change_is_refused(machine: aiohttp.ClientSession) -> None:
    destination = await added(machine)
    path = f"/destinations/{destination['id']}"
    _, _, headers = await send(machine, "GET", path)
    first = await send(machine, "PUT", path, {"config": {"pixel_id": "2"}}, **{"If-Match": headers["ETag"]})
    second = await send(machine, "PUT", path, {"config": {"pixel_id": "3"}}, **{"If-Match": headers["ETag"]})
    assert (first[0], second[0]) == (200, 412)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"config": None}, "config"),
        ({"config": {"pixel_id": "abc"}}, "pixel_id"),
        ({"config": {"pixel_id": "1", "site_url": "javascript:alert(1)"}}, "site_url"),
        ({"token": "two words"}, "one word"),
        ({"kind": "stripe", "config": None, "token": "EAAsecret", "name": "default"}, "Stripe key"),
        ({"kind": "stripe", "config": None, "token": "rk_test_abc", "name": "second"}, "one account"),
        ({"kind": "tiktok"}, "kind"),
    ],
)
async def test_an_invalid_destination_is_refused_without_repeating_its_token(
    machine: aiohttp.ClientSession, changes: dict[str, Any], said: str
) -> None:
    body = {"kind": "meta", "name": uuid4().hex, "token": "EAAsecret", "config": CONFIG, **changes}
    status, problem, _ = await send(machine, "POST", "/destinations", body)
    assert status == 422
    assert said in str(problem)
    assert body["token"] not in str(problem)


async def test_a_name_is_taken_once(machine: aiohttp.ClientSession) -> None:
    destination = await added(machine)
    body = {"kind": "meta", "name": destination["name"], "token": "EAAother", "config": CONFIG}
    status, problem, _ = await send(machine, "POST", "/destinations", body)
    assert (status, problem["code"]) == (409, "destination_exists")


async def test_other_tenants_and_roles_have_no_access(api: Api, machine: aiohttp.ClientSession) -> None:
    destination = await added(machine)
    path = f"/destinations/{destination['id']}"
    other = api.client(api.b.bearer)
    for method, at, body in (
        ("GET", path, None),
        ("PUT", path, {"config": CONFIG}),
        ("GET", f"{path}/activity", None),
        ("POST", f"{path}/probe", None),
        ("POST", f"{path}/test", {}),
    ):
        assert (await send(other, method, at, body))[0] == 404, at
    analyst = await api.user(api.a, Role.ANALYST, f"{uuid4().hex}@a.example")
    assert (await send(api.client(analyst.bearer), "PUT", path, {"config": CONFIG}))[0] == 403


async def test_the_activity_counts_what_arrived_and_what_waits(api: Api, machine: aiohttp.ClientSession) -> None:
    destination = await added(machine)
    for message in (ConversionMatched, ConversionMatched, ConversionDispatched, ConversionFailed):
        await api.project(conversion(message, tenant_id=api.a.tenant.id, destination_id=destination["id"]))
    status, activity, _ = await send(machine, "GET", f"/destinations/{destination['id']}/activity")
    assert status == 200
    assert [activity[name] for name in ("status", "waiting", "dispatched", "failed")] == ["active", 2, 1, 1]
    assert activity["oldest_waiting"] is not None
    assert activity["last_dispatched_at"] is not None


@asynccontextmanager
async def stand_in(answers: dict[str, tuple[int, Any]]) -> AsyncIterator[tuple[str, list[str]]]:
    """Serve as dispatch's private port. Yield its URL and the list of the paths that were asked for."""
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.path_qs)
        status, body = answers[request.path.rsplit("/", 1)[-1]]
        return web.json_response(body, status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    (port,) = free_ports(1)
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}", asked
    finally:
        await runner.cleanup()


ANSWER: dict[str, Any] = {"outcome": "dispatched", "code": None, "reason": None, "trace_id": "Abc", "duration_ms": 12}
NO_CODE = {"code": "test_code_missing", "detail": "Meta would count the event as a sale."}


async def test_checks_show_what_the_destination_answered(
    api: Api, machine: aiohttp.ClientSession, postgres_dsn: str
) -> None:
    destination = await added(machine)
    path = f"/destinations/{destination['id']}"
    answers: dict[str, tuple[int, Any]] = {"probe": (200, ANSWER), "test": (200, ANSWER | {"event_id": "test:1"})}
    async with (
        stand_in(answers) as (url, asked),
        running_api(postgres_dsn, dispatch_url=url, master_key=api.master_key) as (api_url, *_),
        aiohttp.ClientSession(api_url, headers=api.a.bearer) as client,
    ):
        assert (await send(client, "POST", f"{path}/probe"))[1] == ANSWER | {"accepted": True}
        _, tested, _ = await send(client, "POST", f"{path}/test", {"test_event_code": "TEST1"})
        assert tested == ANSWER | {"accepted": True, "event_id": "test:1"}
        answers["test"] = (409, NO_CODE)
        status, problem, _ = await send(client, "POST", f"{path}/test", {})
        assert (status, problem["code"]) == (409, "test_code_missing")
        answers["probe"] = (500, {})
        assert (await send(client, "POST", f"{path}/probe"))[0] == 503
    prefix = f"/tenants/{api.a.tenant.id}{path}"
    assert asked[:2] == [f"{prefix}/probe", f"{prefix}/test?code=TEST1"]


QUALITY: dict[str, Any] = {
    "asked_at": "2026-11-28T12:00:00Z",
    "events": [
        {
            "event_name": "Purchase",
            "score": 7.8,
            "keys": [{"key": "email", "percentage": 93.2}],
            "dedupe_keys": [{"key": "event_id", "percentage": None}],
            "freshness": "real_time",
        }
    ],
    "refusal": None,
}


async def test_metas_own_quality_or_why_it_is_not_known(
    api: Api, machine: aiohttp.ClientSession, postgres_dsn: str
) -> None:
    path = f"/destinations/{(await added(machine))['id']}/quality"
    refused = ANSWER | {"outcome": "configuration", "code": "200", "reason": "The token lacks a permission."}
    answers: dict[str, tuple[int, Any]] = {"quality": (200, QUALITY)}
    async with (
        stand_in(answers) as (url, asked),
        running_api(postgres_dsn, dispatch_url=url, master_key=api.master_key) as (api_url, *_),
        aiohttp.ClientSession(api_url, headers=api.a.bearer) as client,
    ):
        assert (await send(client, "GET", path))[1] == QUALITY
        answers["quality"] = (200, QUALITY | {"events": [], "refusal": refused})
        assert (await send(client, "GET", path))[1]["refusal"] == refused | {"accepted": False}
        answers["quality"] = (409, {"code": "no_quality", "detail": "Only Meta reports it."})
        assert (await send(client, "GET", path))[1]["code"] == "no_quality"
    assert asked[0] == f"/tenants/{api.a.tenant.id}{path}"


async def test_without_the_address_of_dispatch_a_check_says_what_is_missing(
    api: Api, machine: aiohttp.ClientSession, postgres_dsn: str
) -> None:
    destination = await added(machine)
    async with (
        running_api(postgres_dsn, master_key=api.master_key) as (url, *_),
        aiohttp.ClientSession(url, headers=api.a.bearer) as client,
    ):
        status, problem, _ = await send(client, "POST", f"/destinations/{destination['id']}/probe")
    assert (status, problem["code"]) == (503, "dispatch_not_configured")
    assert "ORYLO_DISPATCH_URL" in problem["detail"]
