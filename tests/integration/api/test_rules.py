"""Rules over the API: saved only if they compile, with versions, roles, snoozes, hits, trials and the fuse."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from orylo_common.control import rules
from orylo_common.control.fuses import trip_fuse
from orylo_common.control.models import BlockRate, Role
from orylo_common.ids import uuid7
from orylo_common.messages import (
    DetectionCreated,
    DisputeOpened,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
    ProviderActionStatus,
)
from tests.integration.api.conftest import Api, make_shop
from tests.unit.api.builders import action_changed, after, detection, payment, trust_updated

pytestmark = pytest.mark.integration

BLOCK = {"kind": "block"}
Client = aiohttp.ClientSession


class Shop:
    def __init__(self, tenant_id: UUID, client: Client) -> None:
        self.tenant_id, self.client = tenant_id, client

    async def request(self, method: str, path: str, **body: Any) -> tuple[int, Any]:
        async with self.client.request(method, f"/api/v1/{path}", json=body or None) as response:
            return response.status, await response.json()

    async def get(self, path: str) -> Any:
        status, body = await self.request("GET", path)
        assert status == 200, body
        return body

    async def create(self, expression: str = "payment.amount > 10", **changes: Any) -> Any:
        values = {"name": f"rule {uuid7()}", "expression": expression, "action": BLOCK} | changes
        status, body = await self.request("POST", "rules", **values)
        assert status == 201, body
        return body


def change_of(rule: dict[str, Any], **changes: Any) -> dict[str, Any]:
    kept = ("name", "expression", "action", "priority", "mode", "version")
    return {name: rule[name] for name in kept} | changes


@pytest.fixture
async def shop(api: Api) -> Shop:
    made = await make_shop(api.pool, f"loja-{uuid7().hex}")
    return Shop(made.tenant.id, api.client(made.bearer))


async def member(api: Api, shop: Shop, role: Role) -> Shop:
    tenant = await api.pool.fetchrow("SELECT slug FROM control.tenants WHERE id = $1", shop.tenant_id)
    assert tenant is not None
    owner = await make_shop(api.pool, f"other-{uuid7().hex}")
    found = type(owner)(type(owner.tenant)(shop.tenant_id, tenant["slug"], tenant["slug"]), "", "")
    return Shop(shop.tenant_id, api.client((await api.user(found, role, f"{role}@{uuid7().hex}.example")).bearer))


async def audit_lines(api: Api, shop: Shop, subject: str) -> list[tuple[str, Any, Any]]:
    rows = await api.pool.fetch(
        "SELECT action, before, after FROM control.audit_log WHERE tenant_id = $1 AND subject = $2 ORDER BY id",
        shop.tenant_id,
        subject,
    )
    return [tuple(row) for row in rows]


async def test_a_rule_is_created_in_shadow_changed_and_rolled_back_with_a_line_for_each(api: Api, shop: Shop) -> None:
    rule = await shop.create(name="Prepaid")
    assert (rule["version"], rule["mode"], rule["priority"]) == (1, "shadow", 100)

    status, changed = await shop.request(
        "PUT", f"rules/{rule['id']}", **change_of(rule, expression="payment.amount > 99", mode="on")
    )
    assert (status, changed["version"], changed["expression"]) == (200, 2, "payment.amount > 99")
    status, restored = await shop.request("POST", f"rules/{rule['id']}/restore", restored=1, version=2)
    assert (status, restored["version"], restored["expression"], restored["mode"]) == (
        200, 3, "payment.amount > 10", "on",
    )  # fmt: skip

    assert await shop.get(f"rules/{rule['id']}") == restored
    assert (await shop.get("rules"))["items"] == [restored]
    versions = (await shop.get(f"rules/{rule['id']}/versions"))["items"]
    assert [(each["version"], each["expression"], each["mode"], each["author"]) for each in versions] == [
        (3, "payment.amount > 10", "on", "machine"),
        (2, "payment.amount > 99", "on", "machine"),
        (1, "payment.amount > 10", "shadow", "machine"),
    ]
    lines = await audit_lines(api, shop, "rule Prepaid")
    assert [action for action, *_ in lines] == ["rule.create", "rule.change", "rule.restore"]
    assert (lines[1][1]["mode"], lines[1][2]["mode"]) == ("shadow", "on")


@pytest.mark.parametrize(
    ("expression", "line", "column", "hint"),
    [
        ("payment.amount > 10 &&\n  card.contry == ip.country", 2, 3, "card.country"),
        ("payment.amount >", 1, 17, "ends too early"),
        ('payment.amount > "10"', 1, 16, "without quotes"),
        ("payment.amount", 1, 1, "true or false"),
    ],
)
async def test_a_rule_that_does_not_compile_cannot_be_saved_in_any_way(
    api: Api, shop: Shop, expression: str, line: int, column: int, hint: str
) -> None:
    rule = await shop.create()
    about = {"name": "bad", "expression": expression, "action": BLOCK}
    answers = [
        await shop.request("POST", "rules", **about),
        await shop.request("PUT", f"rules/{rule['id']}", **about, version=1),
        await shop.request("POST", "rules/try", expression=expression),
    ]
    status, checked = await shop.request("POST", "rules/check", expression=expression)

    for refused, body in answers:
        [problem] = body["errors"]
        assert (refused, problem["field"]) == (422, "body.expression")
        assert problem["message"].startswith(f"line {line}, column {column}: ")
        assert hint in problem["message"]
    assert status == 200
    assert [(each["line"], each["column"]) for each in checked["problems"]] == [(line, column)]
    assert (await shop.get("rules"))["items"] == [rule]
    assert await api.pool.fetchval("SELECT count(*) FROM control.rules WHERE tenant_id = $1", shop.tenant_id) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"action": {"kind": "add_points"}},
        {"action": {"kind": "add_points", "points": 0}},
        {"action": {"kind": "block", "points": 5}},
        {"action": {"kind": "add_to_list", "list": "A list"}},
        {"action": {"kind": "add_to_list", "list": "vip", "types": []}},
        {"action": {"kind": "add_to_list", "list": "vip", "days": 0}},
        {"name": "  "},
        {"expression": " \n "},
        {"mode": "live"},
        {"priority": 1001},
    ],
    ids=str,
)
async def test_values_outside_their_limits_are_refused(shop: Shop, changes: dict[str, Any]) -> None:
    about = {"name": "a", "expression": "true", "action": BLOCK} | changes

    assert (await shop.request("POST", "rules", **about))[0] == 422


async def test_a_rule_may_put_payments_on_a_list(shop: Shop) -> None:
    rule = await shop.create(action={"kind": "add_to_list", "list": "suspects"})

    assert rule["action"] == {"kind": "add_to_list", "list": "suspects", "types": ["customer", "card"], "days": 30}


async def test_of_two_editors_the_later_one_is_refused(shop: Shop) -> None:
    rule = await shop.create()
    assert (await shop.request("PUT", f"rules/{rule['id']}", **change_of(rule, priority=1)))[0] == 200
    status, body = await shop.request("PUT", f"rules/{rule['id']}", **change_of(rule, priority=2))
    assert (status, body["code"]) == (409, "version_conflict")
    status, body = await shop.request("POST", f"rules/{rule['id']}/restore", restored=1, version=1)
    assert (status, body["code"]) == (409, "version_conflict")
    assert (await shop.get(f"rules/{rule['id']}"))["priority"] == 1


async def test_a_name_belongs_to_one_rule(shop: Shop) -> None:
    first, second = await shop.create(), await shop.create()
    status, body = await shop.request("PUT", f"rules/{second['id']}", **change_of(second, name=first["name"]))

    assert (status, body["code"]) == (409, "name_taken")
    assert (await shop.request("POST", f"rules/{first['id']}/restore", restored=7, version=1))[0] == 404


async def test_the_number_of_rules_is_limited(api: Api, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MAX_ACTIVE", 2)
    monkeypatch.setattr(rules, "MAX_STORED", 3)
    first, second = await shop.create(), await shop.create()
    about = {"expression": "true", "action": BLOCK}

    assert (await shop.request("POST", "rules", name="third", **about))[1]["code"] == "too_many_rules"
    off = await shop.create(mode="off")
    assert (await shop.request("PUT", f"rules/{off['id']}", **change_of(off, mode="shadow")))[0] == 409
    assert (await shop.request("PUT", f"rules/{first['id']}", **change_of(first, mode="off")))[0] == 200
    assert (await shop.request("PUT", f"rules/{off['id']}", **change_of(off, mode="shadow")))[0] == 200
    assert (await shop.request("POST", "rules", name="fourth", mode="off", **about))[0] == 409
    assert second in (await shop.get("rules"))["items"]


async def test_an_analyst_drafts_rules_and_an_admin_switches_them_on(api: Api, shop: Shop) -> None:
    analyst, admin, viewer = [await member(api, shop, role) for role in (Role.ANALYST, Role.ADMIN, Role.VIEWER)]
    rule = await analyst.create()
    on = {"name": "on", "expression": "true", "action": BLOCK, "mode": "on"}

    assert (await analyst.request("POST", "rules", **on))[0] == 403
    assert (await analyst.request("PUT", f"rules/{rule['id']}", **change_of(rule, mode="on")))[0] == 403
    assert (await viewer.request("POST", "rules", **on | {"mode": "off"}))[0] == 403
    status, applied = await admin.request("PUT", f"rules/{rule['id']}", **change_of(rule, mode="on"))
    assert status == 200
    assert (await analyst.request("PUT", f"rules/{rule['id']}", **change_of(applied, mode="off")))[0] == 403
    assert (await analyst.request("POST", f"rules/{rule['id']}/restore", restored=1, version=2))[0] == 403
    assert (await viewer.request("POST", "rules/check", expression="true"))[0] == 200


async def test_a_rule_is_snoozed_for_one_customer_until_a_time(api: Api, shop: Shop) -> None:
    rule, now = await shop.create(name="Snoozed"), api.clock.now()
    path = f"rules/{rule['id']}/snoozes"
    until = (now + timedelta(days=7)).isoformat()
    status, snoozed = await shop.request("POST", path, customer_id="cus_1", until=until, reason="a gift")
    assert (status, snoozed["customer_id"], snoozed["author"]) == (201, "cus_1", "machine")
    assert (await shop.get(path))["items"] == [snoozed]

    past = (now - timedelta(minutes=1)).isoformat()
    assert (await shop.request("POST", path, customer_id="cus_1", until=past, reason="late"))[0] == 422
    assert (await shop.request("POST", f"{path}/end", customer_id="cus_2"))[0] == 404
    status, left = await shop.request("POST", f"{path}/end", customer_id="cus_1")
    assert (status, left["items"]) == (200, [])
    assert [action for action, *_ in await audit_lines(api, shop, "rule Snoozed")] == [
        "rule.create", "rule.snooze", "rule.snooze_end",
    ]  # fmt: skip


async def test_hits_count_payments_by_their_newest_decision_however_often_it_is_reported(api: Api, shop: Shop) -> None:
    rule = await shop.create()

    def hit(mode: str, otherwise: str) -> dict[str, Any]:
        about = {"rule_id": rule["id"], "version": 1, "name": "r", "action": "block"}
        return about | {"mode": mode, "otherwise": otherwise}

    def decided(payment_id: str, amount_minor: int, *hits: dict[str, Any], **changes: Any) -> Any:
        about = {"tenant_id": shop.tenant_id, "payment_id": payment_id, "amount_minor": amount_minor}
        return detection(**about, decision="allow", rules=hits, **changes)

    def after_(before: DetectionCreated, *hits: dict[str, Any]) -> Any:
        names = ("detection_id", "payment_type", "decision", "amount_minor", "currency", "rules")
        replaced = {name: getattr(before, name) for name in names} | {"degraded": False}
        return decided(before.payment_id, before.amount_minor, *hits, replaces=replaced, version=2)

    one = decided("stripe:1", 1000, hit("shadow", "block"))
    two = decided("stripe:2", 500, hit("shadow", "allow"), hit("on", "review"))
    # Later facts: one is decided again with the same hit, three is no longer hit, and four is hit only then.
    one_again = after_(one, hit("shadow", "block"))
    three = decided("stripe:3", 70, hit("shadow", "block"))
    three_again = after_(three)
    four = decided("stripe:4", 9)
    four_again = after_(four, hit("shadow", "allow"))
    # A late decline is never the current decision.
    await api.project(decided("stripe:5", 5, hit("shadow", "block"), late=True))
    # In one batch, in several, in any order, and redelivered.
    await api.project(one_again, two, three)
    await api.project(one, four_again, two)
    await api.project(three_again, three, four)
    await api.project(one_again, three_again, four)

    hits = (await shop.get(f"rules/{rule['id']}/hits"))["items"]
    assert [tuple(each.values())[1:] for each in hits] == [
        ("on", "BRL", 1, 500, 1, 500),
        ("shadow", "BRL", 3, 1509, 1, 1000),
    ]
    assert await api.pool.fetchval("SELECT count(*) FROM api.rule_hits WHERE rule_id = $1", UUID(rule["id"])) == 2


async def test_an_expression_is_tried_on_recent_payments_with_the_values_of_their_time(api: Api, shop: Shop) -> None:
    about = {"tenant_id": shop.tenant_id, "customer_id": "cus_tried"}
    for number in range(4):
        paid = payment(
            PaymentSucceeded,
            **about,
            payment_id=f"stripe:{number}",
            amount_minor=1000 * (number + 1),
            occurred_at=after(number),
            installments=number or None,
        )
        await api.project(paid, detection(**about, payment_id=paid.payment_id, amount_minor=paid.amount_minor))
    await api.project(
        payment(PaymentFailed, **about, payment_id="stripe:failed", occurred_at=after(9)),
        detection(**about, payment_id="stripe:failed", payment_type="payment.failed.v1"),
        payment(PaymentRefunded, **about, payment_id="stripe:0", occurred_at=after(20)),
        payment(DisputeOpened, **about, payment_id="stripe:1", occurred_at=after(30)),
        trust_updated(**about, version=1, cause="refund", score_after=45, occurred_at=after(1.5)),
        # Neither a refund by the platform, nor another part of one refund, is one more refund.
        *(
            trust_updated(
                **about, version=version, cause="refund", payment_id=of, score_after=45, occurred_at=after(-1)
            )
            for version, of in enumerate(["stripe:own", "stripe:own", "stripe:parts", "stripe:parts"], start=2)
        ),
        action_changed(tenant_id=shop.tenant_id, payment_id="stripe:own", status=ProviderActionStatus.DONE),
    )

    async def applies(expression: str) -> list[str]:
        status, result = await shop.request("POST", "rules/try", expression=expression)
        assert (status, result["tried"], result["failed"]) == (200, 5, 0), result
        assert result["applies"] == len(result["examples"]) == sum(each["payments"] for each in result["groups"])
        return sorted(each["payment_id"] for each in result["examples"])

    assert await applies("customer.payments == 0") == ["stripe:0"]
    assert await applies("customer.payments >= 2") == ["stripe:2", "stripe:3", "stripe:failed"]
    assert await applies("payment.amount > 25") == ["stripe:2", "stripe:3"]
    assert await applies("payment.installments > 1") == ["stripe:2", "stripe:3"]
    assert await applies("customer.refunds == 1") == ["stripe:0", "stripe:1"]
    assert await applies("customer.refunds == 2 && customer.trust_score == 45") == [
        "stripe:2", "stripe:3", "stripe:failed",
    ]  # fmt: skip
    assert await applies('payment.status == "failed"') == ["stripe:failed"]
    assert await applies('"p1" in payment.products') == [f"stripe:{number}" for number in range(4)] + ["stripe:failed"]

    _, result = await shop.request("POST", "rules/try", expression="payment.amount < 25")
    assert [(each["state"], each["payments"], each["amount_minor"]) for each in result["groups"]] == [
        ("disputed", 1, 2000), ("failed", 1, 1250), ("refunded", 1, 1000),
    ]  # fmt: skip


async def test_a_trial_names_the_values_that_are_not_known(api: Api, shop: Shop) -> None:
    about = {"tenant_id": shop.tenant_id, "payment_id": "stripe:one"}
    await api.project(payment(PaymentSucceeded, **about), detection(**about))
    expression = 'velocity.card.attempts_1h > 3 || card.funding == "prepaid" && payment.amount > 1'

    status, result = await shop.request("POST", "rules/try", expression=expression, payment_id="stripe:one")
    assert (status, result["applies"], result["unknown"]) == (200, 0, 1)
    assert result["not_kept"] == ["velocity.card.attempts_1h"]
    assert {each["field"]: each["value"] for each in result["values"]} == {
        "card.funding": None, "payment.amount": "12.5", "velocity.card.attempts_1h": None,
    }  # fmt: skip
    assert (await shop.request("POST", "rules/try", expression="true", payment_id="stripe:none"))[0] == 404


async def test_the_fuse_is_shown_and_reset_by_a_person(api: Api, shop: Shop) -> None:
    assert await shop.get("fuse") == {"tripped": False, "last_trip": None, "reset_at": None, "reset_by": None}
    assert (await shop.request("POST", "fuse/reset", reason="early"))[0] == 409
    async with api.pool.acquire() as connection:
        assert await trip_fuse(connection, shop.tenant_id, BlockRate(60, 30, 0.01, 0.05))
        assert not await trip_fuse(connection, shop.tenant_id, BlockRate(99, 99, None, 0.05))

    tripped = await shop.get("fuse")
    assert (tripped["tripped"], tripped["last_trip"]["payments"], tripped["last_trip"]["blocked"]) == (True, 60, 30)
    analyst = await member(api, shop, Role.ANALYST)
    assert (await analyst.request("POST", "fuse/reset", reason="no right"))[0] == 403
    status, reset = await shop.request("POST", "fuse/reset", reason="the rule is off")
    assert (status, reset["tripped"], reset["reset_by"]) == (200, False, "machine")
    [(action, _, after_)] = await audit_lines(api, shop, "fuse")
    assert (action, after_) == ("fuse.reset", {"reason": "the rule is off"})
