"""A user sees their open sessions, ends one, and ends all others."""

from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from orylo_api.access import session_endpoints
from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from tests.integration.api.conftest import Api, Shop

pytestmark = pytest.mark.integration

PATH = "/api/v1/me/sessions"
Client = aiohttp.ClientSession


@pytest.fixture
async def user(api: Api) -> Shop:
    return await api.user(api.a, Role.VIEWER, f"{uuid7().hex}@loja-a.example")


async def sessions_of(client: Client) -> list[dict[str, Any]]:
    async with client.get(PATH) as response:
        assert response.status == 200, await response.text()
        items: list[dict[str, Any]] = (await response.json())["items"]
        return items


async def own_id(client: Client) -> str:
    (current,) = [each["id"] for each in await sessions_of(client) if each["current"]]
    assert isinstance(current, str)
    return current


async def end(client: Client, session_id: str) -> int:
    async with client.delete(f"{PATH}/{session_id}") as response:
        return response.status


async def end_others(client: Client) -> tuple[int, dict[str, Any]]:
    async with client.post(f"{PATH}/end-others") as response:
        return response.status, await response.json()


async def status_of(client: Client) -> int:
    async with client.get(PATH) as response:
        return response.status


async def audited(api: Api, user: Shop) -> list[tuple[str, str]]:
    lines = """
        SELECT action, subject FROM control.audit_log
        WHERE tenant_id = $1 AND actor = $2 AND action LIKE 'auth.end%' ORDER BY id
    """
    return [(row["action"], row["subject"]) for row in await api.pool.fetch(lines, user.tenant.id, user.owner)]


async def test_open_sessions_are_listed_newest_first_with_the_current_one_marked(api: Api, user: Shop) -> None:
    start = api.clock.stop()
    older = await api.sign_in(user)
    api.clock.ahead += timedelta(minutes=1)
    newer = await api.sign_in(user)
    await api.sign_in(api.a)

    first, second = await sessions_of(newer)
    assert (first["current"], second["current"]) == (True, False)
    assert [each["current"] for each in await sessions_of(older)] == [False, True]
    assert second["address"] == "127.0.0.1"
    assert "aiohttp" in second["user_agent"]
    created, expires = (datetime.fromisoformat(second[name]) for name in ("created_at", "expires_at"))
    assert created == start.astimezone(UTC) < expires
    assert second["last_used_at"] == second["created_at"]
    assert not {"csrf_token", "token_hash"} & second.keys()


async def test_a_refresh_is_a_use_of_the_session(api: Api, user: Shop) -> None:
    api.clock.stop()
    browser = await api.sign_in(user)
    api.clock.ahead += timedelta(minutes=10)
    assert (await browser.post("/api/v1/auth/refresh")).status == 200

    (session,) = await sessions_of(browser)
    used, created = (datetime.fromisoformat(session[name]) for name in ("last_used_at", "created_at"))
    assert used - created == timedelta(minutes=10)


async def test_ended_and_expired_sessions_are_not_listed(api: Api, user: Shop) -> None:
    expired, browser = await api.sign_in(user), await api.sign_in(user)
    session_id = await own_id(expired)
    await api.pool.execute(
        "UPDATE api.sessions SET expires_at = now() - interval '1 s' WHERE id::text = $1", session_id
    )
    left = await api.sign_in(user)
    assert (await left.post("/api/v1/auth/logout")).status == 204

    assert [each["current"] for each in await sessions_of(browser)] == [True]
    assert await end(browser, session_id) == 404


async def test_the_list_is_bounded(api: Api, user: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_endpoints, "MAX_SESSIONS", 2)
    for _ in range(2):
        await api.sign_in(user)
    assert [each["current"] for each in await sessions_of(await api.sign_in(user))] == [True, False]


async def test_an_ended_session_is_refused_at_its_next_request_and_cannot_be_refreshed(api: Api, user: Shop) -> None:
    lost, browser = await api.sign_in(user), await api.sign_in(user)
    session_id = await own_id(lost)

    assert await end(browser, session_id) == 204
    async with lost.get(PATH) as response:
        assert (response.status, (await response.json())["code"]) == (401, "session_ended")
    assert (await lost.post("/api/v1/auth/refresh")).status == 401
    assert await status_of(browser) == 200
    assert await end(browser, session_id) == 404
    assert await audited(api, user) == [("auth.end_session", f"session {session_id}")]


async def test_all_other_sessions_end_at_once(api: Api, user: Shop) -> None:
    others, browser = [await api.sign_in(user) for _ in range(2)], await api.sign_in(user)
    colleague = await api.sign_in(api.a)

    assert await end_others(browser) == (200, {"ended": 2})
    assert [await status_of(each) for each in (*others, browser, colleague)] == [401, 401, 200, 200]
    assert await end_others(browser) == (200, {"ended": 0})
    assert await audited(api, user) == [("auth.end_other_sessions", f"user {user.owner}")]


@pytest.mark.parametrize("where", ["the same tenant", "another tenant", "nowhere"])
async def test_other_users_sessions_cannot_be_ended(api: Api, user: Shop, where: str) -> None:
    browser = await api.sign_in(user)
    theirs = await api.sign_in(api.a if where == "the same tenant" else api.b)
    session_id = str(uuid7()) if where == "nowhere" else await own_id(theirs)

    assert await end(browser, session_id) == 404
    assert await status_of(theirs) == 200
    assert await audited(api, user) == []


async def test_ending_needs_the_csrf_token(api: Api, user: Shop) -> None:
    other, browser = await api.sign_in(user), await api.sign_in(user)
    session_id = await own_id(other)
    del browser.headers["X-CSRF-Token"]

    assert await end(browser, session_id) == 403
    assert (await end_others(browser))[0] == 403
    assert await status_of(other) == 200


async def test_an_api_key_has_no_sessions(api: Api, user: Shop) -> None:
    browser, machine = await api.sign_in(user), api.client(user.bearer)
    session_id = await own_id(browser)
    async with machine.get(PATH) as response:
        problem = await response.json()
    assert (response.status, problem["detail"]) == (403, "Only users have sessions, and this is an API key.")
    assert await end(machine, session_id) == 403
    assert (await end_others(machine))[0] == 403
    assert await status_of(browser) == 200
