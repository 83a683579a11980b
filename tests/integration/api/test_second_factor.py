"""A user switches the second factor on, signs in with it, and switches it off."""

from datetime import timedelta
from typing import Any

import aiohttp
import pyotp
import pytest

from orylo_api.access.lockout import FREE_PER_ACCOUNT, LoginAttempt
from orylo_common.control.models import Role
from orylo_common.control.second_factor import RECOVERY_CODES
from orylo_common.control.users import disable_second_factor
from tests.integration.api.conftest import PASSWORD, Api, Shop
from tests.support.actors import ACTOR

pytestmark = pytest.mark.integration

LOGIN = "/api/v1/auth/login"
PATH = "/api/v1/account/second-factor"


async def post(client: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    async with client.post(path, json=body) as response:
        return response.status, await response.json()


async def state_of(client: aiohttp.ClientSession) -> dict[str, Any]:
    async with client.get(PATH) as response:
        assert response.status == 200
        state: dict[str, Any] = await response.json()
        return state


async def enrol(api: Api, email: str) -> tuple[Shop, aiohttp.ClientSession, str, list[str]]:
    """Return a user with a second factor, their browser, the secret and the recovery codes."""
    user = await api.user(api.a, Role.VIEWER, email)
    browser = await api.sign_in(user)
    status, begun = await post(browser, f"{PATH}/enrolment", {"password": PASSWORD})
    assert status == 200
    status, confirmed = await post(browser, f"{PATH}/confirmation", {"code": code_of(api, begun["secret"])})
    assert status == 200, confirmed
    return user, browser, begun["secret"], confirmed["recovery_codes"]


def code_of(api: Api, secret: str) -> str:
    return pyotp.TOTP(secret).at(api.clock.now())


async def sign_in(
    api: Api, email: str, code: str | None, client: aiohttp.ClientSession | None = None
) -> tuple[int, str]:
    body = {"email": email, "password": PASSWORD, "totp": code}
    status, answer = await post(client or api.client(), LOGIN, body)
    return status, answer.get("type", "").removeprefix("urn:orylo:problem:")


async def audited(api: Api, email: str) -> list[str]:
    lines = "SELECT action FROM control.audit_log WHERE actor = $1 AND action <> 'auth.login' ORDER BY id"
    return [row["action"] for row in await api.pool.fetch(lines, email)]


async def test_a_user_switches_the_second_factor_on_and_off(api: Api) -> None:
    api.clock.stop()
    user, browser, secret, recovery = await enrol(api, "on@loja-a.example")
    assert len(set(recovery)) == RECOVERY_CODES
    assert await state_of(browser) == {"enabled": True, "recovery_codes_left": RECOVERY_CODES}
    assert await sign_in(api, user.owner, None) == (401, "totp_needed")

    api.clock.ahead += timedelta(minutes=1)
    assert await sign_in(api, user.owner, code_of(api, secret)) == (200, "")
    api.clock.ahead += timedelta(minutes=1)
    body = {"password": PASSWORD, "code": code_of(api, secret)}
    assert await post(browser, f"{PATH}/disable", body) == (200, {"enabled": False, "recovery_codes_left": 0})

    assert await sign_in(api, user.owner, None) == (200, "")
    assert await audited(api, user.owner) == ["second_factor.enable", "second_factor.disable"]


async def test_a_second_factor_takes_effect_only_once_it_is_confirmed(api: Api) -> None:
    user = await api.user(api.a, Role.VIEWER, "pending@loja-a.example")
    browser = await api.sign_in(user)
    assert (await post(browser, f"{PATH}/confirmation", {"code": "123456"}))[0] == 409

    _, begun = await post(browser, f"{PATH}/enrolment", {"password": PASSWORD})
    right = code_of(api, begun["secret"])
    status, problem = await post(browser, f"{PATH}/confirmation", {"code": f"{(int(right) + 1) % 1_000_000:06}"})

    assert (status, problem["errors"][0]["field"]) == (422, "body.code")
    assert await sign_in(api, user.owner, None) == (200, "")
    uri = pyotp.parse_uri(begun["otpauth_uri"])
    assert (uri.secret, uri.name, uri.issuer) == (begun["secret"], user.owner, "Orylo loja-a")
    # A second begin replaces the first secret.
    await post(browser, f"{PATH}/enrolment", {"password": PASSWORD})
    assert (await post(browser, f"{PATH}/confirmation", {"code": right}))[0] == 422


async def test_the_code_that_confirms_and_the_one_that_signs_in_are_used_up(api: Api) -> None:
    api.clock.stop()
    user, browser, secret, _ = await enrol(api, "replay@loja-a.example")
    code = code_of(api, secret)
    assert await sign_in(api, user.owner, code) == (401, "wrong_totp")

    api.clock.ahead += timedelta(seconds=30)
    code = code_of(api, secret)
    assert await sign_in(api, user.owner, code) == (200, "")
    assert await sign_in(api, user.owner, code) == (401, "wrong_totp")
    assert (await post(browser, f"{PATH}/disable", {"password": PASSWORD, "code": code}))[0] == 422


async def test_a_recovery_code_works_once_however_it_is_typed(api: Api) -> None:
    api.clock.stop()
    user, browser, _, recovery = await enrol(api, "lost@loja-a.example")
    assert await sign_in(api, user.owner, recovery[0].lower().replace("-", " ")) == (200, "")
    assert await sign_in(api, user.owner, recovery[0]) == (401, "wrong_totp")
    assert (await state_of(browser))["recovery_codes_left"] == RECOVERY_CODES - 1
    stored = await api.pool.fetch("SELECT code_hash FROM control.recovery_codes")
    assert not any(code.encode() in row["code_hash"] for row in stored for code in recovery)

    assert (await post(browser, f"{PATH}/disable", {"password": PASSWORD, "code": recovery[1]}))[0] == 200
    assert await sign_in(api, user.owner, None) == (200, "")
    left = "SELECT count(*) FROM control.recovery_codes c JOIN control.users u ON u.id = c.user_id WHERE u.email = $1"
    assert await api.pool.fetchval(left, user.owner) == 0


async def test_each_change_needs_the_password(api: Api) -> None:
    api.clock.stop()
    _, browser, _, recovery = await enrol(api, "session@loja-a.example")
    for number in range(FREE_PER_ACCOUNT + 1):
        body = {"password": "wrong password", "code": recovery[number]}
        status, problem = await post(browser, f"{PATH}/disable", body)
        assert (status, problem["errors"][0]["field"]) == (422, "body.password")
    assert (await post(browser, f"{PATH}/disable", {"password": PASSWORD, "code": recovery[0]}))[0] == 429
    api.clock.ahead += timedelta(minutes=1)
    assert (await post(browser, f"{PATH}/enrolment", {"password": PASSWORD}))[0] == 409
    assert (await post(browser, f"{PATH}/disable", {"password": PASSWORD, "code": recovery[0]}))[0] == 200
    status, problem = await post(browser, f"{PATH}/enrolment", {"password": "wrong password"})
    assert (status, problem["errors"][0]["field"]) == (422, "body.password")


async def test_guesses_at_the_code_count_together_wherever_they_come_from(api: Api) -> None:
    """The sender of a code knows the password already. A known device still passes."""
    api.clock.stop()
    user, browser, secret, _ = await enrol(api, "guessed@loja-a.example")
    statuses = []
    for _ in range(FREE_PER_ACCOUNT + 2):
        await api.pool.execute("DELETE FROM api.login_failures WHERE key <> ALL($1)", await counters(api, user))
        statuses.append(await sign_in(api, user.owner, "000000"))
    assert statuses[-1] == (429, "too_many_attempts")

    api.clock.ahead += timedelta(seconds=30)
    assert await sign_in(api, user.owner, code_of(api, secret), browser) == (200, "")


async def counters(api: Api, user: Shop) -> list[bytes]:
    """Return the keys of the user's own counters: forgetting the others is what changing the network does."""
    user_id = await api.pool.fetchval("SELECT id FROM control.users WHERE email = $1", user.owner)
    return [LoginAttempt.of_user(user_id).account]


async def test_an_api_key_has_no_second_factor(api: Api) -> None:
    machine = api.client(api.a.bearer)
    async with machine.get(PATH) as response:
        assert response.status == 409
    assert (await post(machine, f"{PATH}/enrolment", {"password": PASSWORD}))[0] == 409


async def test_an_operator_of_the_command_line_disables_the_second_factor(api: Api) -> None:
    user, _, _, _ = await enrol(api, "phoneless@loja-a.example")
    async with api.pool.acquire() as connection, connection.transaction():
        await disable_second_factor(connection, api.a.tenant.id, user.owner.upper(), actor=ACTOR)
    assert await sign_in(api, user.owner, None) == (200, "")
    lines = "SELECT actor, action, subject FROM control.audit_log WHERE actor = $1 ORDER BY id DESC LIMIT 1"
    assert [tuple(line) for line in await api.pool.fetch(lines, ACTOR.name)] == [
        (ACTOR.name, "second_factor.disable", f"user {user.owner}")
    ]


async def test_no_response_with_a_secret_is_stored_for_repeated_requests(api: Api) -> None:
    user = await api.user(api.a, Role.VIEWER, "repeats@loja-a.example")
    browser = await api.sign_in(user)
    browser.headers["Idempotency-Key"] = "begin"
    _, begun = await post(browser, f"{PATH}/enrolment", {"password": PASSWORD})
    assert begun["secret"]
    assert await api.pool.fetchval("SELECT count(*) FROM api.idempotency_keys WHERE key = 'begin'") == 0
