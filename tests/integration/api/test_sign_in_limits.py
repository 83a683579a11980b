"""Guesses are held back where they come from. Elsewhere, the account's owner signs in without a wait."""

from typing import Any

import aiohttp
import pytest

from orylo_api.access import credentials
from orylo_api.access.lockout import FREE_PER_ACCOUNT, FREE_PER_ADDRESS
from orylo_common.control.models import Role
from tests.integration.api.conftest import PASSWORD, Api, running_api

pytestmark = pytest.mark.integration

LOGIN = "/api/v1/auth/login"
BEHIND = {"api_trusted_proxies": 1}


async def sign_in(
    browser: aiohttp.ClientSession, url: str, email: str, password: str = "wrong password", forwarded: str | None = None
) -> int:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    async with browser.post(url + LOGIN, json={"email": email, "password": password}, headers=headers) as response:
        return response.status


async def guess(api: Api, url: str, email: str, forwarded: str | None, times: int = FREE_PER_ACCOUNT + 2) -> list[int]:
    return [await sign_in(api.client(), url, email, forwarded=forwarded) for _ in range(times)]


async def test_guesses_from_another_address_do_not_keep_the_owner_out(api: Api, postgres_dsn: str) -> None:
    async with running_api(postgres_dsn, clock=api.clock, **BEHIND) as (url, _, _):
        api.clock.stop()
        assert (await guess(api, url, api.a.owner, "203.0.113.66"))[-1] == 429

        assert await sign_in(api.client(), url, api.a.owner, PASSWORD, "198.51.100.7") == 200
        assert await sign_in(api.client(), url, api.a.owner, PASSWORD, "203.0.113.66") == 429


async def test_a_known_device_passes_whatever_comes_from_its_address(api: Api, postgres_dsn: str) -> None:
    async with running_api(postgres_dsn, clock=api.clock, **BEHIND) as (url, _, _):
        api.clock.stop()
        browser = api.client()
        assert await sign_in(browser, url, api.a.owner, PASSWORD, "203.0.113.66") == 200
        assert (await guess(api, url, api.a.owner, "203.0.113.66"))[-1] == 429
        for number in range(FREE_PER_ADDRESS):
            await sign_in(api.client(), url, f"person{number}@nowhere.example", forwarded="203.0.113.66")

        assert await sign_in(api.client(), url, api.b.owner, PASSWORD, "203.0.113.66") == 429
        assert await sign_in(browser, url, api.a.owner, PASSWORD, "203.0.113.66") == 200


async def test_a_known_device_is_held_back_for_its_own_guesses_and_other_accounts(api: Api) -> None:
    api.clock.stop()
    browser = api.client()
    assert await sign_in(browser, api.url, api.a.owner, PASSWORD) == 200
    statuses = [await sign_in(browser, api.url, api.a.owner) for _ in range(FREE_PER_ACCOUNT + 2)]
    assert statuses[-2:] == [401, 429]
    assert await sign_in(api.client(), api.url, api.a.owner, PASSWORD) == 200
    assert (await guess(api, api.url, api.b.owner, None))[-1] == 429
    assert await sign_in(browser, api.url, api.b.owner, PASSWORD) == 429


async def test_a_proxy_of_this_machine_that_the_settings_omit_is_not_limited_as_one_caller(api: Api) -> None:
    api.clock.stop()
    for number in range(FREE_PER_ADDRESS + 1):
        assert await sign_in(api.client(), api.url, f"p{number}@nowhere.example", forwarded="203.0.113.9") == 401

    assert await sign_in(api.client(), api.url, api.b.owner, PASSWORD, "203.0.113.9") == 200


@pytest.mark.parametrize("tenant", [None, "loja-a"])
async def test_every_sign_in_verifies_as_many_passwords(
    api: Api, monkeypatch: pytest.MonkeyPatch, tenant: str | None
) -> None:
    for shop in (api.a, api.b):
        await api.user(shop, Role.VIEWER, f"both-{tenant}@example.com")
    verified: list[str] = []

    def count(password_hash: str, password: str) -> bool:
        verified.append(password_hash)
        return False

    monkeypatch.setattr(credentials, "verify_password", count)
    counts = set()
    for email in (api.a.owner, f"both-{tenant}@example.com", "unknown@nowhere.example"):
        verified.clear()
        body: dict[str, Any] = {"email": email, "password": PASSWORD, "tenant": tenant}
        async with api.client().post(LOGIN, json=body) as response:
            assert response.status == 401
        counts.add(len(verified))
    assert len(counts) == 1
