"""Operators: tenants and their states, users of all tenants, and entering a tenant for support."""

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from orylo_api.access.impersonation import LIFETIME, end_forgotten
from orylo_common.control.models import Role
from orylo_common.control.switches import PLATFORM
from orylo_common.ids import uuid7
from orylo_common.messages import PaymentSucceeded
from tests.integration.api.conftest import Api, Shop, make_shop
from tests.unit.api.builders import payment

pytestmark = pytest.mark.integration

Client = aiohttp.ClientSession
REASON = {"reason": "Ticket 4711"}


@pytest.fixture
async def shop(api: Api) -> Shop:
    return await make_shop(api.pool, f"loja-{uuid7().hex}")


@pytest.fixture
async def operator(api: Api) -> Shop:
    """An operator of the platform's own tenant, with a key."""
    platform = await make_shop(api.pool, f"platform-{uuid7().hex}")
    return await api.user(platform, Role.OPERATOR, f"otto@{uuid7().hex}.example")


@pytest.fixture
async def browser(api: Api, operator: Shop) -> Client:
    return await api.sign_in(operator)


async def request(client: Client, method: str, path: str, **body: Any) -> tuple[int, Any]:
    async with client.request(method, f"/api/v1/{path}", json=body or None) as response:
        return response.status, await response.json(content_type=None)


async def lines(api: Api, tenant_id: Any) -> list[tuple[str, str]]:
    rows = await api.pool.fetch(
        "SELECT action, actor FROM control.audit_log WHERE tenant_id = $1 ORDER BY id", tenant_id
    )
    return [(row["action"], row["actor"]) for row in rows]


async def platform_lines(api: Api, shop: Shop) -> list[str]:
    """Return the actions about a tenant in the platform's audit log."""
    rows = await api.pool.fetch(
        "SELECT action FROM control.audit_log WHERE tenant_id = $1 AND subject = $2 ORDER BY id",
        PLATFORM,
        f"tenant {shop.tenant.slug}",
    )
    return [row["action"] for row in rows]


async def test_an_operator_enters_a_tenant_reads_it_changes_nothing_and_returns(
    api: Api, shop: Shop, operator: Shop, browser: Client
) -> None:
    paid = payment(PaymentSucceeded, tenant_id=shop.tenant.id, payment_id=f"stripe:{shop.tenant.id}")
    await api.project(paid)
    status, me = await request(browser, "POST", f"platform/tenants/{shop.tenant.id}/enter", **REASON)
    assert status == 200, me
    assert (me["tenant"]["slug"], me["role"], me["permissions"]) == (shop.tenant.slug, "viewer", ["read"])
    assert (me["impersonation"]["operator"], me["impersonation"]["reason"]) == (operator.owner, "Ticket 4711")
    assert await request(browser, "GET", "auth/me") == (200, me)

    assert (await request(browser, "GET", f"payments/{paid.payment_id}"))[0] == 200
    for method, path, body in (
        ("POST", "views", {"page": "review", "name": "mine", "query": {}}),
        ("PUT", "me/preferences", {"theme": "dark"}),
        ("POST", f"payments/{paid.payment_id}/verdict", {"verdict": "fraud"}),
        ("POST", "account/second-factor/enrolment", {"password": "x"}),
        ("POST", "payments/search", {"currency": ["BRL"]}),
        ("POST", f"platform/tenants/{api.a.tenant.id}/enter", REASON),
        ("POST", "auth/nothing", {}),
    ):
        status, problem = await request(browser, method, path, **body)
        expected = (404, "not_found") if path == "auth/nothing" else (403, "impersonation_read_only")
        assert (status, problem["code"]) == expected, path
    assert (await request(browser, "GET", "account/second-factor"))[0] == 403
    assert (await request(browser, "GET", "platform/tenants"))[0] == 403

    status, me = await request(browser, "POST", "auth/leave")
    assert (status, me["role"], me["impersonation"]) == (200, "operator", None)
    assert me["tenant"]["slug"] == operator.tenant.slug
    assert (await request(browser, "GET", f"payments/{paid.payment_id}"))[0] == 404
    assert (await request(browser, "POST", "auth/leave"))[0] == 200
    visit = [("impersonation.enter", operator.owner), ("impersonation.leave", operator.owner)]
    assert (await lines(api, shop.tenant.id))[-2:] == visit
    assert await platform_lines(api, shop) == [action for action, _ in visit]


async def test_a_refreshed_session_stays_in_the_tenant(api: Api, shop: Shop, browser: Client) -> None:
    await request(browser, "POST", f"platform/tenants/{shop.tenant.id}/enter", **REASON)
    status, body = await request(browser, "POST", "auth/refresh")
    assert (status, body["me"]["tenant"]["slug"]) == (200, shop.tenant.slug)
    assert body["me"]["impersonation"]["reason"] == "Ticket 4711"


async def test_an_impersonation_ends_after_half_an_hour_and_the_next_may_begin(
    api: Api, shop: Shop, operator: Shop
) -> None:
    api.clock.stop()
    browser = await api.sign_in(operator)
    await request(browser, "POST", f"platform/tenants/{shop.tenant.id}/enter", **REASON)
    api.clock.ahead = LIFETIME - timedelta(seconds=1)
    assert (await request(browser, "POST", "auth/refresh"))[0] == 200
    assert (await request(browser, "GET", "auth/me"))[1]["tenant"]["slug"] == shop.tenant.slug
    api.clock.ahead = LIFETIME
    assert (await request(browser, "GET", "auth/me"))[1]["role"] == "operator"
    status, _ = await request(browser, "POST", f"platform/tenants/{shop.tenant.id}/enter", **REASON)
    assert status == 200
    assert await platform_lines(api, shop) == ["impersonation.enter", "impersonation.expire", "impersonation.enter"]


async def test_the_end_of_an_impersonation_is_recorded_when_its_session_ends(
    api: Api, shop: Shop, browser: Client
) -> None:
    await request(browser, "POST", f"platform/tenants/{shop.tenant.id}/enter", **REASON)
    await request(browser, "POST", "auth/logout")
    async with api.projector.acquire() as connection, connection.transaction():
        await end_forgotten(connection, api.clock)
    assert await platform_lines(api, shop) == ["impersonation.enter", "impersonation.expire"]


async def test_a_user_who_is_no_operator_any_more_is_thrown_out_of_the_tenant(
    api: Api, shop: Shop, operator: Shop, browser: Client
) -> None:
    await request(browser, "POST", f"platform/tenants/{shop.tenant.id}/enter", **REASON)
    await api.pool.execute("UPDATE control.users SET role = 'viewer' WHERE email = $1", operator.owner)
    status, me = await request(browser, "GET", "auth/me")
    assert (status, me["tenant"]["slug"], me["impersonation"]) == (200, operator.tenant.slug, None)


async def test_keys_and_other_roles_cannot_enter_a_tenant(api: Api, shop: Shop, operator: Shop) -> None:
    path = f"platform/tenants/{shop.tenant.id}/enter"
    status, problem = await request(api.client(operator.bearer), "POST", path, **REASON)
    assert (status, problem["code"]) == (409, "session_needed")
    status, problem = await request(api.client(api.a.bearer), "POST", path, **REASON)
    assert (status, problem["code"]) == (403, "forbidden")
    status, problem = await request(api.client(operator.bearer), "POST", f"platform/tenants/{uuid7()}/enter", **REASON)
    assert status == 404
    assert await platform_lines(api, shop) == []


async def test_the_users_and_keys_of_a_suspended_tenant_are_refused_until_it_is_resumed(
    api: Api, shop: Shop, operator: Shop, browser: Client
) -> None:
    client, path = api.client(operator.bearer), f"platform/tenants/{shop.tenant.id}"
    member = await api.sign_in(shop)
    status, tenant = await request(client, "POST", f"{path}/suspend", reason="The invoice is open")
    assert (status, tenant["state"], tenant["suspension_reason"]) == (200, "suspended", "The invoice is open"), tenant
    assert tenant["figures"]["sending"] == "stopped"
    for refused in (member, api.client(shop.bearer)):
        status, problem = await request(refused, "GET", "auth/me")
        assert (status, problem["code"]) == (403, "tenant_suspended")
    assert (await request(member, "POST", "auth/refresh"))[1]["code"] == "tenant_suspended"
    guess = {"email": shop.owner, "password": "correct horse battery"}
    assert (await request(api.client(), "POST", "auth/login", **guess))[1]["code"] == "tenant_suspended"
    # Only one who knows the password learns about it.
    wrong = await request(api.client(), "POST", "auth/login", **guess | {"password": "wrong"})
    assert wrong[1]["code"] == "wrong_credentials"
    status, problem = await request(client, "POST", f"{path}/suspend", reason="again")
    assert (status, problem["code"]) == (409, "wrong_state")

    assert (await request(browser, "POST", f"{path}/enter", **REASON))[0] == 200
    assert (await request(browser, "GET", "overview"))[0] == 200
    assert (await request(client, "POST", f"{path}/resume"))[1]["state"] == "active"
    assert (await request(member, "GET", "auth/me"))[0] == 200
    assert {("tenant.suspend", operator.owner), ("tenant.resume", operator.owner)} <= set(
        await lines(api, shop.tenant.id)
    )


async def test_a_deleted_tenant_can_be_restored_until_its_date(api: Api, shop: Shop, operator: Shop) -> None:
    client, path = api.client(operator.bearer), f"platform/tenants/{shop.tenant.id}"
    now = api.clock.stop()
    wanted = {"reason": "The shop has closed", "grace_days": 7}
    status, problem = await request(client, "POST", f"{path}/delete", **wanted, confirm="my-shop")
    assert (status, problem["errors"][0]["field"]) == (422, "body.confirm")
    await request(client, "POST", f"{path}/suspend", reason="first")
    status, tenant = await request(client, "POST", f"{path}/delete", **wanted, confirm=shop.tenant.slug)
    assert (status, tenant["state"]) == (200, "deleting")
    assert tenant["delete_at"][:19] == (now + timedelta(days=7)).isoformat()[:19]
    assert (await request(api.client(shop.bearer), "GET", "auth/me"))[1]["code"] == "tenant_deleting"
    assert (await request(client, "POST", f"{path}/resume"))[0] == 409
    assert (await request(client, "POST", f"{path}/restore"))[1]["state"] == "suspended"

    await request(client, "POST", f"{path}/delete", **wanted, confirm=shop.tenant.slug)
    api.clock.ahead = timedelta(days=7)
    status, problem = await request(client, "POST", f"{path}/restore")
    assert (status, problem["code"]) == (409, "wrong_state")


async def test_an_operator_cannot_stop_the_tenant_that_they_belong_to(api: Api, operator: Shop) -> None:
    client, path = api.client(operator.bearer), f"platform/tenants/{operator.tenant.id}"
    for action, body in (("suspend", REASON), ("delete", REASON | {"confirm": operator.tenant.slug})):
        status, problem = await request(client, "POST", f"{path}/{action}", **body)
        assert (status, problem["code"]) == (409, "own_tenant")


async def test_tenants_are_created_renamed_found_and_paged(api: Api, operator: Shop) -> None:
    client, word = api.client(operator.bearer), uuid7().hex
    status, made = await request(client, "POST", "platform/tenants", slug=f"b-{word}", name="Beta")
    assert (status, made["state"], made["users"]) == (201, "active", 0), made
    assert made["figures"] == {
        "last_webhook_at": None, "webhooks_per_day": 0.0, "open_dead_letters": 0, "sending": "no_destination",
    }  # fmt: skip
    status, problem = await request(client, "POST", "platform/tenants", slug=f"b-{word}", name="Beta")
    assert (status, problem["code"]) == (409, "slug_taken")
    await request(client, "POST", "platform/tenants", slug=f"a-{word}", name="Alpha")
    status, renamed = await request(client, "PATCH", f"platform/tenants/{made['id']}", name="100% of_it")
    assert (status, renamed["name"], renamed["slug"]) == (200, "100% of_it", f"b-{word}")

    status, first = await request(client, "GET", f"platform/tenants?q={word.upper()}&limit=1")
    assert (status, [each["slug"] for each in first["items"]]) == (200, [f"a-{word}"])
    status, second = await request(client, "GET", f"platform/tenants?q={word}&limit=1&cursor={first['next_cursor']}")
    assert ([each["slug"] for each in second["items"]], second["next_cursor"]) == ([f"b-{word}"], None)
    # % and _ are letters like others.
    assert (await request(client, "GET", "platform/tenants?q=100%25x"))[1]["items"] == []
    actions = [action for action, _ in await lines(api, made["id"])]
    assert actions == ["tenant.create", "tenant.rename"]


async def test_a_repeated_request_creates_one_tenant(api: Api, operator: Shop) -> None:
    client = api.client(operator.bearer | {"Idempotency-Key": uuid7().hex})
    body = {"slug": f"loja-{uuid7().hex}", "name": "One"}
    first, again = [await request(client, "POST", "platform/tenants", **body) for _ in range(2)]
    assert first == again
    assert first[0] == 201


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN, Role.ANALYST, Role.VIEWER])
async def test_only_operators_see_other_tenants(api: Api, shop: Shop, role: Role) -> None:
    client = api.client((await api.user(shop, role, f"{role}@{uuid7().hex}.example")).bearer)
    for method, path, body in (
        ("GET", "platform/tenants", {}),
        ("GET", f"platform/tenants/{api.a.tenant.id}", {}),
        ("POST", f"platform/tenants/{api.a.tenant.id}/suspend", REASON),
    ):
        assert (await request(client, method, path, **body))[0] == 403, path
