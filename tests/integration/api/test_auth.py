import asyncio
import re
from datetime import timedelta
from http.cookies import Morsel
from typing import Any

import aiohttp
import pyotp
import pytest
from argon2 import PasswordHasher
from yarl import URL

from orylo_api.access.lockout import FREE_PER_ACCOUNT, FREE_PER_ADDRESS, LoginAttempt, charge, forgive
from orylo_api.access.roles import ALLOWED
from orylo_api.access.sessions import REUSE_GRACE
from orylo_api.errors import TooManyAttempts
from orylo_api.routes import ROUTES
from orylo_common.control import Keyring
from orylo_common.control.api_keys import create_api_key
from orylo_common.control.models import Role
from orylo_common.control.passwords import needs_rehash
from tests.integration.api.conftest import PASSWORD, Api, running_api
from tests.support.actors import ACTOR

pytestmark = pytest.mark.integration

LOGIN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"
LOGOUT = "/api/v1/auth/logout"
ME = "/api/v1/auth/me"
SOME_ID = "01a1fb2a-53a2-77c0-80c6-a295a7ae6d4e"


def cookies(client: aiohttp.ClientSession) -> dict[str, Morsel[str]]:
    return {cookie.key: cookie for cookie in client.cookie_jar}


async def post(client: aiohttp.ClientSession, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
    async with client.post(path, **options) as response:
        return response.status, await response.json() if response.status != 204 else {}


async def try_password(api: Api, email: str, password: str = "wrong password") -> tuple[int, str, int]:
    """Return the status, the problem's type and the wait in seconds."""
    async with api.client().post(LOGIN, json={"email": email, "password": password}) as response:
        body = await response.json()
        return response.status, body.get("type", ""), int(response.headers.get("Retry-After", 0))


async def status_of(client: aiohttp.ClientSession, path: str = ME) -> int:
    async with client.get(path) as response:
        return response.status


async def test_a_session_travels_in_cookies_that_scripts_cannot_read(api: Api) -> None:
    browser = api.client()
    status, signed_in = await post(browser, LOGIN, json={"email": api.a.owner.upper(), "password": PASSWORD})

    assert status == 200
    assert signed_in["me"]["tenant"]["slug"] == "loja-a"
    assert signed_in["me"]["role"] == "owner"
    held = cookies(browser)
    assert held["orylo_csrf"].value == signed_in["csrf_token"]
    assert {name: cookie["httponly"] for name, cookie in held.items()} == {
        "orylo_session": True,
        "orylo_refresh": True,
        "orylo_csrf": "",
        "orylo_device": True,
    }
    assert {cookie["samesite"] for cookie in held.values()} == {"Strict"}
    assert {cookie["secure"] for cookie in held.values()} == {""}
    assert held["orylo_refresh"]["path"] == "/api/v1/auth"
    assert await status_of(browser) == 200


@pytest.mark.parametrize(
    ("settings", "headers", "secure"),
    [
        ({"api_secure_cookies": True}, {}, True),
        ({"api_trusted_proxies": 1}, {"X-Forwarded-Proto": "https"}, True),
        ({}, {"X-Forwarded-Proto": "https"}, ""),
    ],
)
async def test_cookies_of_https_are_secure(
    api: Api, postgres_dsn: str, settings: dict[str, Any], headers: dict[str, str], secure: object
) -> None:
    async with running_api(postgres_dsn, **settings) as (url, _, _):
        body = {"email": api.a.owner, "password": PASSWORD}
        async with api.client().post(url + LOGIN, json=body, headers=headers) as response:
            assert response.status == 200
            assert {cookie["secure"] for cookie in response.cookies.values()} == {secure}


async def test_the_callers_address_is_the_one_that_our_outermost_proxy_reports(api: Api, postgres_dsn: str) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    body = {"email": api.a.owner, "password": PASSWORD}
    for proxies, seen in ((0, "127.0.0.1"), (1, "198.51.100.7"), (2, "203.0.113.9"), (3, "127.0.0.1")):
        async with running_api(postgres_dsn, api_trusted_proxies=proxies) as (url, _, _):
            async with api.client().post(url + LOGIN, json=body, headers=headers) as response:
                assert response.status == 200
            assert await api.pool.fetchval("SELECT address FROM api.sessions ORDER BY id DESC LIMIT 1") == seen


async def test_an_unknown_account_and_a_wrong_password_get_the_same_response(api: Api) -> None:
    assert await try_password(api, api.a.owner) == await try_password(api, "nobody@nowhere.example")
    assert (await try_password(api, api.a.owner))[:2] == (401, "urn:orylo:problem:wrong_credentials")


async def test_each_failed_guess_doubles_the_wait_and_a_success_ends_it(api: Api) -> None:
    api.clock.stop()
    for _ in range(FREE_PER_ACCOUNT):
        assert (await try_password(api, api.a.owner))[0] == 401
    waits = []
    for _ in range(4):
        assert (await try_password(api, api.a.owner))[0] == 401
        status, kind, wait = await try_password(api, api.a.owner, PASSWORD)
        assert (status, kind) == (429, "urn:orylo:problem:too_many_attempts")
        waits.append(wait)
        api.clock.ahead += timedelta(seconds=wait)

    assert waits == [2, 4, 8, 16]
    assert (await try_password(api, api.a.owner, PASSWORD))[0] == 200
    assert (await try_password(api, api.a.owner))[0] == 401
    assert (await try_password(api, api.a.owner, PASSWORD))[0] == 200


async def test_guessing_at_unknown_accounts_looks_the_same(api: Api) -> None:
    api.clock.stop()
    for _ in range(FREE_PER_ACCOUNT + 1):
        assert (await try_password(api, "nobody@nowhere.example"))[0] == 401
    assert (await try_password(api, "nobody@nowhere.example"))[0] == 429


async def charged(api: Api, email: str, address: str, *, succeeds: bool = False) -> bool:
    """Return whether the attempt may be verified."""
    attempt, now = LoginAttempt.of(email, address), api.clock.now()
    async with api.projector.acquire() as connection:
        try:
            await charge(connection, attempt, now)
        except TooManyAttempts:
            return False
        if succeeds:
            await forgive(connection, attempt, now)
        return True


@pytest.mark.parametrize("address", ["203.0.113.9", "2001:db8:1:2::{number:x}"])
async def test_an_address_that_tries_many_accounts_must_wait(api: Api, address: str) -> None:
    api.clock.stop()
    for number in range(FREE_PER_ADDRESS + 1):
        assert await charged(api, f"somebody{number}@nowhere.example", address.format(number=number))

    assert not await charged(api, api.b.owner, address.format(number=99))
    assert await charged(api, api.b.owner, "198.51.100.7")
    api.clock.ahead = timedelta(hours=2)
    assert await charged(api, api.b.owner, address.format(number=99))


async def test_successful_sign_ins_do_not_lock_a_shared_address(api: Api) -> None:
    for _ in range(3 * FREE_PER_ADDRESS):
        assert await charged(api, api.a.owner, "203.0.113.9", succeeds=True)


async def test_concurrent_guesses_are_all_counted(api: Api) -> None:
    api.clock.stop()
    outcomes = await asyncio.gather(*(charged(api, api.a.owner, "203.0.113.9") for _ in range(40)))
    assert sum(outcomes) == FREE_PER_ACCOUNT + 1


async def test_a_change_needs_the_csrf_token_in_header_and_cookie(api: Api) -> None:
    browser = await api.sign_in(api.a)
    path = f"/api/v1/dead-letters/{SOME_ID}/replay"

    assert (await post(browser, path))[0] == 404
    for headers in (
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "A" * 43},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        status, problem = await post(browser, path, headers=headers)
        assert (status, problem["type"]) == (403, "urn:orylo:problem:csrf")

    # A cookie set by a site of the same domain, and a matching header.
    browser.cookie_jar.update_cookies({"orylo_csrf": "mine"}, URL(api.url))
    assert (await post(browser, path, headers={"X-CSRF-Token": "mine"}))[0] == 403


async def test_machines_need_no_csrf_token(api: Api) -> None:
    assert (await post(api.client(api.a.bearer), f"/api/v1/dead-letters/{SOME_ID}/replay"))[0] == 404


async def test_a_login_from_another_site_is_refused(api: Api) -> None:
    body = {"email": api.a.owner, "password": PASSWORD}
    assert (await post(api.client(), LOGIN, json=body, headers={"Sec-Fetch-Site": "cross-site"}))[0] == 403
    assert (await post(api.client(), LOGIN, data=body))[0] == 415


async def test_a_session_ends_unless_it_is_refreshed(api: Api) -> None:
    browser = await api.sign_in(api.a)
    before = cookies(browser)
    api.clock.ahead = timedelta(minutes=16)
    assert await status_of(browser) == 401

    status, _ = await post(browser, REFRESH)

    assert status == 200
    assert await status_of(browser) == 200
    after = cookies(browser)
    assert after["orylo_session"].value != before["orylo_session"].value
    assert after["orylo_refresh"].value != before["orylo_refresh"].value
    assert after["orylo_csrf"].value == before["orylo_csrf"].value


async def test_two_tabs_may_refresh_at_once(api: Api) -> None:
    api.clock.stop()
    browser = await api.sign_in(api.a)
    first = cookies(browser)["orylo_refresh"].value
    assert (await post(browser, REFRESH))[0] == 200
    browser.cookie_jar.update_cookies({"orylo_refresh": first}, URL(api.url + REFRESH))

    assert (await post(browser, REFRESH))[0] == 200
    assert await status_of(browser) == 200


async def test_a_reused_refresh_token_ends_the_session(api: Api) -> None:
    browser = await api.sign_in(api.a)
    stolen = {name: cookie.value for name, cookie in cookies(browser).items()}
    assert (await post(browser, REFRESH))[0] == 200
    api.clock.ahead = REUSE_GRACE + timedelta(seconds=1)
    thief = api.client({"X-CSRF-Token": stolen["orylo_csrf"]})
    thief.cookie_jar.update_cookies(stolen, URL(api.url + REFRESH))

    assert (await post(thief, REFRESH))[0] == 401
    assert await status_of(browser) == 401
    assert (await post(browser, REFRESH))[0] == 401
    actions = await api.pool.fetch("SELECT action FROM control.audit_log ORDER BY id DESC LIMIT 1")
    assert [row["action"] for row in actions] == ["auth.refresh_reused"]


async def test_refreshing_needs_the_csrf_token_and_a_session(api: Api) -> None:
    browser = await api.sign_in(api.a)
    assert (await post(browser, REFRESH, headers={"X-CSRF-Token": "other"}))[0] == 403
    assert (await post(api.client(), REFRESH))[0] == 401


async def test_signing_out_ends_the_session_even_with_only_the_refresh_cookie(api: Api) -> None:
    browser = await api.sign_in(api.a)
    token = cookies(browser)["orylo_session"].value
    api.clock.ahead = timedelta(minutes=16)

    assert (await post(browser, LOGOUT))[0] == 204

    assert set(cookies(browser)) == {"orylo_device"}
    api.clock.ahead = timedelta()
    browser.cookie_jar.update_cookies({"orylo_session": token}, URL(api.url))
    assert await status_of(browser) == 401
    assert (await post(api.client(), LOGOUT))[0] == 204


async def test_the_second_factor_is_needed_and_each_code_works_once(api: Api) -> None:
    api.clock.stop()
    user = await api.user(api.a, Role.ADMIN, "careful@loja-a.example")
    secret = pyotp.random_base32()
    encrypted = Keyring([api.master_key]).encrypt(secret)
    await api.pool.execute(
        "UPDATE control.users SET totp_secret_encrypted = $1 WHERE email = $2", encrypted, user.owner
    )
    body = {"email": user.owner, "password": PASSWORD}
    code = pyotp.TOTP(secret).at(api.clock.now())
    wrong = f"{(int(code) + 1) % 1_000_000:06}"

    assert (await post(api.client(), LOGIN, json=body))[1]["type"] == "urn:orylo:problem:totp_needed"
    assert (await post(api.client(), LOGIN, json={**body, "totp": wrong}))[1]["type"] == "urn:orylo:problem:wrong_totp"
    assert (await post(api.client(), LOGIN, json={**body, "totp": code}))[0] == 200
    assert (await post(api.client(), LOGIN, json={**body, "totp": code}))[0] == 401
    assert (await post(api.client(), LOGIN, json={**body, "password": "wrong", "totp": code}))[1]["type"] == (
        "urn:orylo:problem:wrong_credentials"
    )


async def test_an_email_address_at_two_tenants_must_name_one(api: Api) -> None:
    for shop in (api.a, api.b):
        await api.user(shop, Role.VIEWER, "agency@example.com")
    body = {"email": "agency@example.com", "password": PASSWORD}

    status, problem = await post(api.client(), LOGIN, json=body)
    assert (status, problem["type"]) == (409, "urn:orylo:problem:tenant_needed")
    assert [tenant["slug"] for tenant in problem["tenants"]] == ["loja-a", "loja-b"]
    status, signed_in = await post(api.client(), LOGIN, json={**body, "tenant": "loja-b"})
    assert (status, signed_in["me"]["tenant"]["slug"]) == (200, "loja-b")


async def test_a_password_hashed_cheaply_is_hashed_again(api: Api) -> None:
    user = await api.user(api.a, Role.VIEWER, "old@loja-a.example")
    cheap = PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
    await api.pool.execute("UPDATE control.users SET password_hash = $1 WHERE email = $2", cheap, user.owner)

    for _ in range(2):
        assert (await try_password(api, user.owner, PASSWORD))[0] == 200

    stored = await api.pool.fetchval("SELECT password_hash FROM control.users WHERE email = $1", user.owner)
    assert not needs_rehash(stored)


async def test_disabled_users_and_revoked_keys_lose_access_at_once(api: Api) -> None:
    user = await api.user(api.a, Role.ANALYST, "leaving@loja-a.example")
    browser, machine = await api.sign_in(user), api.client(user.bearer)
    assert (await status_of(browser), await status_of(machine)) == (200, 200)

    await api.pool.execute("UPDATE control.users SET disabled_at = now() WHERE email = $1", user.owner)
    await api.pool.execute("UPDATE control.api_keys SET revoked_at = now() WHERE name = $1", user.owner)

    assert (await status_of(browser), await status_of(machine)) == (401, 401)
    assert (await try_password(api, user.owner, PASSWORD))[0] == 401


@pytest.mark.parametrize("role", list(Role))
async def test_every_role_has_exactly_the_permissions_of_the_table(api: Api, role: Role) -> None:
    user = await api.user(api.a, role, f"{role}-walks@loja-a.example")
    machine = api.client(user.bearer)
    for route in ROUTES:
        # An API key has no preferences and no sessions.
        if route.permission is None or route.path == "/api/v1/stream" or route.path.startswith("/api/v1/me/"):
            continue
        path = re.sub(r"\{[a-z_]+\}", SOME_ID, route.path)
        async with machine.request(route.method, path, json={} if route.body else None) as response:
            assert (response.status == 403) == (role not in ALLOWED[route.permission]), (route.path, response.status)


async def test_every_guarded_route_needs_a_session_or_a_key(api: Api) -> None:
    for client in (
        api.client(),
        api.client({"Authorization": "Bearer orylo_guess"}),
        api.client({"Authorization": "x"}),
    ):
        for route in ROUTES:
            if route.permission is not None:
                async with client.request(route.method, re.sub(r"\{[a-z_]+\}", SOME_ID, route.path)) as response:
                    assert response.status == 401
                    assert response.content_type == "application/problem+json"


async def test_the_last_use_of_an_api_key_is_recorded(api: Api) -> None:
    async with api.pool.acquire() as connection:
        key = await create_api_key(connection, api.a.tenant.id, name="noted", role=Role.VIEWER, actor=ACTOR)
    assert await status_of(api.client({"Authorization": f"Bearer {key.key}"})) == 200
    assert await api.pool.fetchval("SELECT last_used_at FROM control.api_keys WHERE name = 'noted'") is not None
