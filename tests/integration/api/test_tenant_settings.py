"""Settings over the API: by section, with versions, ETags, roles and a preview of thresholds; and preferences."""

import asyncio
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from orylo_common.control.models import Role
from orylo_common.control.plane import Part, open_control
from orylo_common.control.sections import SECTIONS
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.ids import uuid7
from orylo_common.messages import Decision, PaymentRefunded, PaymentRefundFailed, PaymentSucceeded, PaymentVerdict
from tests.integration.api.conftest import Api, Shop, make_shop
from tests.support.eventually import eventually
from tests.unit.api.builders import detection, payment, verdict

pytestmark = pytest.mark.integration

Client = aiohttp.ClientSession


@pytest.fixture
async def shop(api: Api) -> Shop:
    return await make_shop(api.pool, f"loja-{uuid7().hex}")


async def request(client: Client, method: str, path: str, *, headers: Any = None, **body: Any) -> tuple[int, Any, str]:
    async with client.request(method, f"/api/v1/{path}", json=body or None, headers=headers) as response:
        return response.status, await response.json(), response.headers.get("ETag", "")


def values_of(section: dict[str, Any]) -> dict[str, Any]:
    return {field["name"]: field["value"] for field in section["fields"]}


async def test_sections_are_changed_and_rolled_back_with_a_version_and_a_line_for_each(api: Api, shop: Shop) -> None:
    client = api.client(shop.bearer)
    status, body, _ = await request(client, "GET", "settings")
    assert (status, [item["section"] for item in body["items"]]) == (200, list(SECTIONS))
    detector = next(item for item in body["items"] if item["section"] == "detector")
    assert (detector["version"], detector["changed_by"]) == (0, None)
    assert detector["fields"][0] == {
        "name": "review_at",
        "description": "the least risk of a review",
        "value": 50,
        "default": 50,
        "unit": "points of risk, from 0 to 100",
        "limits": {"type": "integer", "minimum": 1, "maximum": 100},
    }

    status, changed, _ = await request(client, "PUT", "settings/detector", values={"review_at": 60, "block_at": 85})
    assert (status, changed["version"], changed["changed_by"]) == (200, 1, "machine")
    status, again, _ = await request(client, "PUT", "settings/detector", values={"review_at": 60, "block_at": 85})
    assert again == changed, "the same values make no version"
    await request(client, "PUT", "settings/detector", values={"review_at": 70, "weights": {"velocity": 0.5}})
    status, restored, _ = await request(client, "POST", "settings/detector/restore", version=1)
    assert (status, restored["version"], restored["restored"]) == (200, 3, 1)
    assert values_of(restored) == values_of(changed)
    assert (await request(client, "POST", "settings/detector/restore", version=9))[0] == 404

    _, page, _ = await request(client, "GET", "settings/detector/versions?limit=2")
    assert [(item["version"], item["restored"], item["changed_by"]) for item in page["items"]] == [
        (3, 1, "machine"), (2, None, "machine"),
    ]  # fmt: skip
    assert {change["setting"]: (change["before"], change["after"]) for change in page["items"][1]["changes"]} == {
        "review_at": (60, 70), "block_at": (85, 80), "weights.velocity": (None, 0.5),
    }  # fmt: skip
    _, last, _ = await request(client, "GET", f"settings/detector/versions?limit=2&cursor={page['next_cursor']}")
    assert [item["version"] for item in last["items"]] == [1]
    assert [change["setting"] for change in last["items"][0]["changes"]] == ["review_at", "block_at"]

    lines = await api.pool.fetch(
        "SELECT action, before, after FROM control.audit_log WHERE tenant_id = $1 AND subject = 'settings detector'"
        " ORDER BY id",
        shop.tenant.id,
    )
    assert [line["action"] for line in lines] == ["settings.set", "settings.set", "settings.restore"]
    assert lines[1]["after"] == {"review_at": 70, "weights": {"velocity": 0.5}}


async def test_a_restored_default_is_a_version_too(api: Api, shop: Shop) -> None:
    client = api.client(shop.bearer)
    await request(client, "PUT", "settings/trust", values={"start": 10})
    _, restored, _ = await request(client, "POST", "settings/trust/restore", version=0)
    assert (restored["version"], restored["restored"], values_of(restored)["start"]) == (2, 0, 50)


async def test_of_two_editors_the_later_gets_412(api: Api, shop: Shop) -> None:
    client = api.client(shop.bearer)
    _, _, etag = await request(client, "GET", "settings/fuse")
    outdated = {"If-Match": etag}
    status, *_ = await request(client, "PUT", "settings/fuse", headers=outdated, values={"window_minutes": 30})
    _, _, new_etag = await request(client, "GET", "settings/fuse")
    assert (status, new_etag != etag) == (200, True)
    status, problem, _ = await request(client, "PUT", "settings/fuse", headers=outdated, values={"window_minutes": 45})
    assert (status, problem["code"]) == (412, "precondition_failed")
    status, problem, _ = await request(client, "POST", "settings/fuse/restore", version=0, current=0)
    assert (status, problem["code"]) == (409, "version_conflict")
    assert values_of((await request(client, "GET", "settings/fuse"))[1])["window_minutes"] == 30

    answers = await asyncio.gather(
        *(
            request(client, "PUT", "settings/fuse", headers={"If-Match": new_etag}, values={"window_minutes": minutes})
            for minutes in (10, 20, 40)
        )
    )
    assert sorted(status for status, *_ in answers) == [200, 412, 412]


async def test_every_refused_value_is_named_and_nothing_is_saved(api: Api, shop: Shop) -> None:
    client = api.client(shop.bearer)
    status, problem, _ = await request(
        client, "PUT", "settings/detector", values={"review_at": 900, "velocity": {"card": {"2h": {}}}, "block": 1}
    )
    assert status == 422
    assert [each["field"] for each in problem["errors"]] == [
        "body.values.review_at", "body.values.velocity.card.2h", "body.values.velocity.card.2h.attempts",
    ]  # fmt: skip
    status, problem, _ = await request(client, "PUT", "settings/detector", values={"block": 1})
    assert (status, problem["errors"]) == (422, [{"field": "body.values.block", "message": "is not a setting"}])
    assert (await request(client, "GET", "settings/detector"))[1]["version"] == 0
    assert (await request(client, "GET", "settings/nothing"))[0] == 404


async def test_owners_and_admins_change_settings_and_the_others_read_them(api: Api, shop: Shop) -> None:
    for role, may in ((Role.ADMIN, True), (Role.ANALYST, False), (Role.VIEWER, False), (Role.OPERATOR, False)):
        client = api.client((await api.user(shop, role, f"{role}@{uuid7().hex}.example")).bearer)
        assert (await request(client, "GET", "settings/limits"))[0] == 200
        status, *_ = await request(client, "PUT", "settings/limits", values={"visits": 500})
        assert status == (200 if may else 403), role
        assert (await request(client, "POST", "settings/limits/restore", version=0))[0] == (200 if may else 403)


async def test_a_service_uses_a_change_at_once_and_only_its_own_tenants_rows_can_be_changed(
    api: Api, shop: Shop, postgres_dsn: str
) -> None:
    async with open_control(postgres_dsn, role="orylo_detector", parts=frozenset({Part.SETTINGS})) as plane:
        await request(api.client(shop.bearer), "PUT", "settings/detector", values={"review_at": 33})
        await eventually(lambda: plane.settings(shop.tenant.id, DetectionPolicy).review_at == 33)
        assert plane.settings(api.b.tenant.id, DetectionPolicy).review_at != 33


async def decided(api: Api, tenant_id: UUID, payment_id: str, risk: int, **changes: Any) -> None:
    about = {"tenant_id": tenant_id, "payment_id": payment_id}
    # Ids of detections have their time, by which the preview looks for them.
    detection_id = uuid7()
    decision = changes.pop("decision", Decision.ALLOW)
    await api.project(
        payment(PaymentSucceeded, **about, occurred_at=api.clock.now()),
        detection(**about, detection_id=detection_id, decision=decision, risk_score=risk, **changes),
    )


async def test_a_preview_counts_what_other_thresholds_would_have_decided(api: Api, shop: Shop) -> None:
    tenant_id, client = shop.tenant.id, api.client(shop.bearer)
    for number, risk in enumerate((0, 40, 55, 65, 70, 76, 90)):
        await decided(api, tenant_id, f"stripe:pi_{number}", risk)
    await decided(api, tenant_id, "stripe:pi_listed", 78, override="block_list.ip")
    await api.project(verdict(PaymentVerdict.FRAUD, tenant_id=tenant_id, payment_id="stripe:pi_5"))
    refunds = [
        payment(
            PaymentRefunded, tenant_id=tenant_id, payment_id=payment_id, full=True, refunded_minor=1250,
            occurred_at=api.clock.now(),
        )
        for payment_id in ("stripe:pi_4", "stripe:pi_2")
    ]  # fmt: skip
    returned = payment(
        PaymentRefundFailed, tenant_id=tenant_id, payment_id="stripe:pi_2", refund_id="re_1", amount_minor=1250,
        occurred_at=api.clock.now(),
    )  # fmt: skip
    await api.project(*refunds, returned)

    status, preview, _ = await request(client, "POST", "settings/detection/preview", review_at=60, block_at=70)
    assert status == 200
    assert preview["current"] == {"review_at": 50, "block_at": 80, "reviewed": 4, "blocked": 1}
    assert preview["proposed"] == {"review_at": 60, "block_at": 70, "reviewed": 1, "blocked": 3}
    assert preview["moved"] == [
        {"before": "review", "after": "allow", "payments": 1, "fraud": 0, "paid_fine": 1},
        {"before": "review", "after": "block", "payments": 2, "fraud": 1, "paid_fine": 0},
    ]
    assert preview["complete"] is True
    status, problem, _ = await request(client, "POST", "settings/detection/preview", block_at=20)
    assert (status, problem["errors"][0]["field"]) == (422, "body")
    assert (await request(client, "GET", "settings/detector"))[1]["version"] == 0


async def test_a_payment_counts_with_its_current_decision(api: Api, shop: Shop) -> None:
    about = {"tenant_id": shop.tenant.id, "payment_id": "stripe:pi_twice"}
    first = detection(**about, detection_id=uuid7(), risk_score=90, version=1)
    await api.project(payment(PaymentSucceeded, **about), first)
    await api.project(detection(**about, detection_id=uuid7(), risk_score=55, version=2))
    _, preview, _ = await request(api.client(shop.bearer), "POST", "settings/detection/preview", block_at=85)
    assert (preview["current"]["reviewed"], preview["current"]["blocked"]) == (1, 0)


async def test_preferences_are_the_users_own_and_fall_back_to_the_shops(api: Api, shop: Shop) -> None:
    browser, machine = await api.sign_in(shop), api.client(shop.bearer)
    await request(machine, "PUT", "settings/shop", values={"language": "pt-BR", "timezone": "America/Sao_Paulo"})
    _, shown, _ = await request(browser, "GET", "me/preferences")
    assert shown == {
        "name": None, "language": None, "timezone": None, "theme": "system", "key_hints": True,
        "effective": {"language": "pt-BR", "timezone": "America/Sao_Paulo"},
    }  # fmt: skip

    chosen = {"name": " Bia ", "timezone": "Europe/Lisbon", "theme": "dark", "key_hints": False}
    status, saved, _ = await request(browser, "PUT", "me/preferences", **chosen)
    assert (status, saved["name"], saved["theme"]) == (200, "Bia", "dark")
    assert saved["effective"] == {"language": "pt-BR", "timezone": "Europe/Lisbon"}
    assert (await request(browser, "GET", "me/preferences"))[1] == saved

    assert (await request(machine, "GET", "me/preferences"))[0] == 403
    status, problem, _ = await request(browser, "PUT", "me/preferences", theme="neon", timezone="Mars/Olympus")
    assert (status, [each["field"] for each in problem["errors"]]) == (422, ["body.timezone", "body.theme"])
