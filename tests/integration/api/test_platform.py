"""Operators: tenants and their states, users of all tenants, and entering a tenant for support."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from pydantic.fields import FieldInfo

from orylo_api.access.impersonation import LIFETIME, end_forgotten
from orylo_api.access.roles import Permission
from orylo_api.http.route import Media, Route
from orylo_api.routes import ROUTES
from orylo_api.stream import endpoints as stream_endpoints
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
        ("GET", "platform/users", {}),
        ("POST", "platform/users/search", {"email": "ana"}),
        ("POST", f"platform/tenants/{api.a.tenant.id}/suspend", REASON),
    ):
        assert (await request(client, method, path, **body))[0] == 403, path


async def add_user(client: Client, shop: Shop, **changes: Any) -> dict[str, Any]:
    body = {"email": f"Bia@{uuid7().hex}.example", "role": "admin", "password": "correct horse battery"} | changes
    status, user = await request(client, "POST", f"platform/tenants/{shop.tenant.id}/users", **body)
    assert status == 201, user
    return user  # type: ignore[no-any-return]


async def test_users_are_added_found_changed_and_removed(api: Api, shop: Shop, operator: Shop) -> None:
    client = api.client(operator.bearer)
    user = await add_user(client, shop)
    path, email = f"platform/users/{user['id']}", user["email"]
    assert (email, user["tenant"]["slug"], user["sessions"]) == (email.lower(), shop.tenant.slug, 0)
    twice = {"email": email.upper(), "role": "viewer", "password": "correct horse battery"}
    status, problem = await request(client, "POST", f"platform/tenants/{shop.tenant.id}/users", **twice)
    assert (status, problem["code"]) == (409, "cannot_add_user")

    bia = await api.sign_in(Shop(shop.tenant, email, ""))
    status, changed = await request(client, "PATCH", path, role="viewer")
    assert (status, changed["role"], changed["sessions"]) == (200, "viewer", 1)
    assert (await request(bia, "GET", "auth/me"))[1]["role"] == "viewer"
    assert (await request(client, "POST", f"{path}/end-sessions")) == (200, {"ended": 1})
    assert (await request(bia, "GET", "auth/me"))[1]["code"] == "session_ended"
    assert (await request(bia, "POST", "auth/refresh"))[0] == 401

    bia = await api.sign_in(Shop(shop.tenant, email, ""))
    assert (await request(client, "PATCH", path, disabled=True))[1]["disabled_at"] is not None
    assert (await request(bia, "GET", "auth/me"))[0] == 401
    of_shop = f"platform/users?tenant={shop.tenant.id}"
    assert [each["email"] for each in (await request(client, "GET", f"{of_shop}&state=disabled"))[1]["items"]] == [
        email
    ]
    assert [each["role"] for each in (await request(client, "GET", f"{of_shop}&role=owner"))[1]["items"]] == ["owner"]
    assert (await request(client, "PATCH", path, disabled=False))[1]["disabled_at"] is None
    # A session that was ended stays ended.
    assert (await request(bia, "GET", "auth/me"))[0] == 401

    found = await request(client, "POST", "platform/users/search", email=email[:-8].upper())
    assert [each["email"] for each in found[1]["items"]] == [email]
    async with client.delete(f"/api/v1/{path}") as response:
        assert response.status == 204
    assert (await request(client, "GET", path))[0] == 404
    assert [action for action, _ in await lines(api, shop.tenant.id)][-6:] == [
        "user.change_role", "user.end_sessions", "auth.login", "user.disable", "user.enable", "user.remove",
    ]  # fmt: skip


async def test_users_are_paged_across_tenants(api: Api, shop: Shop, operator: Shop) -> None:
    client = api.client(operator.bearer)
    made = [(await add_user(client, shop))["id"] for _ in range(3)]
    seen: list[str] = []
    query = f"platform/users?tenant={shop.tenant.id}&limit=2"
    status, page = await request(client, "GET", query)
    seen += [each["id"] for each in page["items"]]
    status, page = await request(client, "GET", f"{query}&cursor={page['next_cursor']}")
    seen += [each["id"] for each in page["items"]]
    assert (status, seen[:3], len(seen), page["next_cursor"]) == (200, made[::-1], 4, None)
    _, page = await request(client, "GET", "platform/users?limit=200")
    assert {shop.tenant.slug, operator.tenant.slug} <= {each["tenant"]["slug"] for each in page["items"]}


@pytest.mark.parametrize("change", ["remove", "disable", "demote"])
async def test_the_last_owner_stays(api: Api, shop: Shop, operator: Shop, change: str) -> None:
    client = api.client(operator.bearer)
    owners = await request(client, "GET", f"platform/users?tenant={shop.tenant.id}&role=owner")
    path = f"platform/users/{owners[1]['items'][0]['id']}"
    changes: dict[str, tuple[str, dict[str, Any]]] = {
        "remove": ("DELETE", {}), "disable": ("PATCH", {"disabled": True}), "demote": ("PATCH", {"role": "admin"}),
    }  # fmt: skip
    method, body = changes[change]
    status, problem = await request(client, method, path, **body)
    assert (status, problem["code"]) == (409, "last_owner")
    # A disabled owner does not count.
    second = await add_user(client, shop, role="owner")
    await request(client, "PATCH", f"platform/users/{second['id']}", disabled=True)
    assert (await request(client, method, path, **body))[0] == 409
    await request(client, "PATCH", f"platform/users/{second['id']}", disabled=False)
    assert (await request(client, method, path, **body))[0] in (200, 204)


async def test_of_two_owners_who_are_removed_at_once_one_stays(api: Api, shop: Shop, operator: Shop) -> None:
    client = api.client(operator.bearer)
    await add_user(client, shop, role="owner")
    owners = await request(client, "GET", f"platform/users?tenant={shop.tenant.id}&role=owner")
    paths = [f"platform/users/{each['id']}" for each in owners[1]["items"]]
    answers = await asyncio.gather(*(request(client, "DELETE", path) for path in paths))
    assert sorted(status for status, _ in answers) == [204, 409]


async def test_operators_do_not_lock_themselves_out(api: Api, operator: Shop, browser: Client) -> None:
    _, me = await request(browser, "GET", "auth/me")
    for method, body in (("DELETE", {}), ("PATCH", {"disabled": True}), ("PATCH", {"role": "viewer"})):
        status, problem = await request(browser, method, f"platform/users/{me['id']}", **body)
        assert (status, problem["code"]) == (409, "own_user")


async def test_every_list_and_figure_can_be_read_in_an_entered_tenant(api: Api, shop: Shop, browser: Client) -> None:
    await request(browser, "POST", f"platform/tenants/{shop.tenant.id}/enter", **REASON)
    walked = 0
    for route in ROUTES:
        if route.method != "GET" or route.permission is not Permission.READ or route.path_values or route.private:
            continue
        if route.media is not Media.JSON or any(each.is_required() for each in fields_of(route)):
            continue
        walked += 1
        async with browser.get(route.path) as response:
            assert response.status == 200, (route.path, await response.text())
    assert walked > 25


def fields_of(route: Route) -> list[FieldInfo]:
    return list(route.query.model_fields.values()) if route.query else []


async def test_no_route_changes_anything_in_an_entered_tenant(api: Api, shop: Shop, browser: Client) -> None:
    """Whatever is not known to change nothing is refused, also before its body is read."""
    await request(browser, "POST", f"platform/tenants/{shop.tenant.id}/enter", **REASON)
    changes = [each for each in ROUTES if each.method != "GET" and each.permission and not each.serves_in_maintenance]
    for route in changes:
        path = re.sub(r"{\w+}", str(uuid7()), route.path)
        async with browser.request(route.method, path) as response:
            problem = await response.json(content_type=None)
            assert (response.status, problem["code"]) == (403, "impersonation_read_only"), route.path
    assert len(changes) > 50


async def test_of_two_entries_at_once_one_succeeds(api: Api, shop: Shop, browser: Client) -> None:
    paths = [f"platform/tenants/{tenant_id}/enter" for tenant_id in (shop.tenant.id, api.a.tenant.id)]
    answers = await asyncio.gather(*(request(browser, "POST", path, **REASON) for path in paths))
    assert sorted(status for status, _ in answers) in ([200, 403], [200, 409])


async def test_an_open_stream_ends_when_its_session_enters_another_tenant(
    api: Api, shop: Shop, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_endpoints, "CHECK_EVERY", timedelta())
    monkeypatch.setattr(stream_endpoints, "HEARTBEAT", timedelta(seconds=0.05))
    async with browser.get("/api/v1/stream") as stream:
        assert (await stream.content.readline()).startswith(b"id: ")
        await request(browser, "POST", f"platform/tenants/{shop.tenant.id}/enter", **REASON)
        async with asyncio.timeout(10):
            await stream.content.read()
        assert stream.content.at_eof()
