"""A session ends after its longest life, however often it is refreshed."""

from datetime import timedelta

import aiohttp
import pytest

from tests.integration.api.conftest import PASSWORD, Api, running_api

pytestmark = pytest.mark.integration

LIFE = timedelta(days=3)


async def refresh(browser: aiohttp.ClientSession, url: str) -> int:
    async with browser.post(f"{url}/api/v1/auth/refresh") as response:
        return response.status


async def me(browser: aiohttp.ClientSession, url: str) -> int:
    async with browser.get(f"{url}/api/v1/auth/me") as response:
        return response.status


async def test_refreshing_does_not_outlive_the_session(api: Api, postgres_dsn: str) -> None:
    api.clock.stop()
    async with running_api(postgres_dsn, clock=api.clock, api_session_lifetime=LIFE) as (url, _, _):
        browser = api.client()
        async with browser.post(
            f"{url}/api/v1/auth/login", json={"email": api.a.owner, "password": PASSWORD}
        ) as response:
            browser.headers["X-CSRF-Token"] = (await response.json())["csrf_token"]
        for ahead in (timedelta(days=1), timedelta(days=2), LIFE - timedelta(minutes=1)):
            api.clock.ahead = ahead
            assert await refresh(browser, url) == 200
        assert await me(browser, url) == 200

        api.clock.ahead = LIFE
        assert await me(browser, url) == 401
        assert await refresh(browser, url) == 401
        stored = "SELECT expires_at - created_at FROM api.sessions ORDER BY id DESC LIMIT 1"
        assert await api.pool.fetchval(stored) == LIFE


async def test_a_shorter_life_applies_to_sessions_that_are_open(api: Api, postgres_dsn: str) -> None:
    api.clock.stop()
    browser = await api.sign_in(api.a)
    api.clock.ahead = LIFE
    assert await refresh(browser, api.url) == 200
    async with running_api(postgres_dsn, clock=api.clock, api_session_lifetime=LIFE) as (url, _, _):
        assert await refresh(browser, url) == 401
