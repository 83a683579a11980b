"""The review queue: its contents, its orders, and that two people never decide one case."""

import asyncio
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from orylo_common.messages import (
    CustomerStatusSet,
    Decision,
    PaymentSucceeded,
    PaymentVerdict,
    TrustStatus,
    VerdictGiven,
    decode,
)
from orylo_common.postgres.outbox_bodies import decompress
from tests.integration.api.conftest import Api, Shop, make_shop
from tests.integration.api.test_customer_scores import REQUESTED, post
from tests.integration.api.test_endpoints import get
from tests.unit.api.builders import detection, payment, replaced, trust_updated, verdict

pytestmark = pytest.mark.integration


async def published(api: Api, tenant: Shop) -> list[Any]:
    """Return the verdicts and statuses that were asked for, in order."""
    bodies = [bytes(row["body"]) for row in await api.pool.fetch(REQUESTED)]
    messages = {each.message_id: each for each in (decode(decompress(body)) for body in bodies)}
    found = [each for each in messages.values() if isinstance(each, VerdictGiven | CustomerStatusSet)]
    return sorted((each for each in found if each.tenant_id == tenant.tenant.id), key=lambda each: each.message_id)


@pytest.fixture
async def shop(api: Api) -> Shop:
    return await make_shop(api.pool, f"loja-{uuid7().hex}")


@pytest.fixture
async def ana(api: Api, shop: Shop) -> aiohttp.ClientSession:
    return api.client((await api.user(shop, Role.ANALYST, "ana@loja.example")).bearer)


@pytest.fixture
async def bia(api: Api, shop: Shop) -> aiohttp.ClientSession:
    return api.client((await api.user(shop, Role.ANALYST, "bia@loja.example")).bearer)


async def add_case(api: Api, shop: Shop, name: str, **changes: Any) -> Any:
    about: dict[str, Any] = {
        "tenant_id": shop.tenant.id,
        "payment_id": f"stripe:pi_{name}",
        "customer_id": f"cus_{name}",
    }
    paid = payment(PaymentSucceeded, **about, **{key: changes[key] for key in ("gateway",) if key in changes})
    found = detection(**{**about, "decision": Decision.REVIEW, **changes})
    await api.project(paid, found, trust_updated(tenant_id=shop.tenant.id, customer_id=f"cus_{name}"))
    return found


def names(page: dict[str, Any]) -> list[str]:
    return [item["payment_id"].removeprefix("stripe:pi_") for item in page["items"]]


async def test_the_queue_is_sorted_and_paged_in_each_order(api: Api, shop: Shop, ana: aiohttp.ClientSession) -> None:
    await add_case(api, shop, "small", amount_minor=1000, risk_score=90)
    await add_case(api, shop, "large", amount_minor=99900, risk_score=60)
    await add_case(api, shop, "yen", amount_minor=500, currency="JPY", risk_score=75, gateway="hotmart")
    await add_case(api, shop, "judged", amount_minor=1)
    await add_case(api, shop, "allowed", decision=Decision.ALLOW)
    await api.project(verdict(PaymentVerdict.FRAUD, tenant_id=shop.tenant.id, payment_id="stripe:pi_judged"))

    assert names(await get(ana, "/api/v1/review")) == ["large", "yen", "small"]
    assert names(await get(ana, "/api/v1/review?sort=risk")) == ["small", "yen", "large"]
    assert names(await get(ana, "/api/v1/review?sort=age")) == ["small", "large", "yen"]
    assert names(await get(ana, "/api/v1/review?gateway=hotmart")) == ["yen"]
    for order in ("money", "risk", "age"):
        walked, cursor = [], ""
        for _ in range(3):
            page = await get(ana, f"/api/v1/review?sort={order}&limit=1{cursor}")
            walked += names(page)
            cursor = f"&cursor={page['next_cursor']}"
        assert walked == names(await get(ana, f"/api/v1/review?sort={order}"))

    (case, *_) = (await get(ana, "/api/v1/review"))["items"]
    assert (case["amount_minor"], case["state"], case["reasons"]) == (99900, "succeeded", ["velocity.card_1m"])
    assert case["buyer"] == {"trust_score": 52, "status": "neutral"}
    async with ana.get(f"/api/v1/review?sort=risk&cursor={page['next_cursor'] or 'W10'}") as response:
        assert response.status == 422


async def test_a_decision_that_replaces_the_review_closes_the_case(
    api: Api, shop: Shop, ana: aiohttp.ClientSession
) -> None:
    first = await add_case(api, shop, "again", version=1)
    await api.project(
        detection(
            tenant_id=shop.tenant.id,
            payment_id=first.payment_id,
            version=2,
            decision=Decision.ALLOW,
            replaces=replaced(first),
        )
    )
    assert (await get(ana, "/api/v1/review"))["items"] == []
    status, problem = await post(ana, "/api/v1/review/stripe:pi_again/claim", None)
    assert (status, problem["code"]) == (409, "case_closed")


async def test_a_case_is_held_for_five_minutes_and_renewed(
    api: Api, shop: Shop, ana: aiohttp.ClientSession, bia: aiohttp.ClientSession
) -> None:
    now = api.clock.stop()
    await add_case(api, shop, "held")
    path = "/api/v1/review/stripe:pi_held"

    status, case = await post(ana, f"{path}/claim", None)
    assert (status, case["holder"]["name"]) == (200, "ana@loja.example")
    status, problem = await post(bia, f"{path}/claim", None)
    assert (status, problem["code"], problem["holder"]["name"]) == (409, "case_held", "ana@loja.example")
    for action, body in (("later", {"until": "2026-01-01T00:00:00Z"}), ("verdict", {"verdict": "fraud"})):
        if action == "later":
            body = {"until": (now + timedelta(hours=1)).isoformat()}
        assert (await post(bia, f"{path}/{action}", body))[1]["code"] == "case_held"
    assert (await post(bia, "/api/v1/payments/stripe:pi_held/verdict", {"verdict": "fraud"}))[1]["code"] == "case_held"
    assert (await post(bia, f"{path}/release", None))[1]["code"] == "case_held"

    api.clock.ahead = timedelta(minutes=4)
    assert (await post(ana, f"{path}/claim", None))[0] == 200
    api.clock.ahead = timedelta(minutes=8)
    assert (await post(bia, f"{path}/claim", None))[0] == 409
    api.clock.ahead = timedelta(minutes=9, seconds=1)
    assert (await get(ana, path))["holder"] is None
    assert (await post(bia, f"{path}/claim", None))[0] == 200
    assert (await post(bia, f"{path}/release", None))[1]["holder"] is None
    assert (await post(ana, f"{path}/claim", None))[0] == 200


async def test_of_two_decisions_at_once_one_counts(
    api: Api, shop: Shop, ana: aiohttp.ClientSession, bia: aiohttp.ClientSession
) -> None:
    await add_case(api, shop, "both")
    path = "/api/v1/review/stripe:pi_both/verdict"

    answers = await asyncio.gather(post(ana, path, {"verdict": "fraud"}), post(bia, path, {"verdict": "legitimate"}))

    assert sorted(status for status, _ in answers) == [202, 409]
    assert {body["code"] for status, body in answers if status == 409} == {"case_closed"}
    assert len(await published(api, shop)) == 1


async def test_of_two_claims_at_once_one_holds(
    api: Api, shop: Shop, ana: aiohttp.ClientSession, bia: aiohttp.ClientSession
) -> None:
    await add_case(api, shop, "race")
    path = "/api/v1/review/stripe:pi_race/claim"
    answers = await asyncio.gather(*(post(client, path, None) for client in (ana, bia, ana, bia)))
    assert sorted(status for status, _ in answers) == [200, 200, 409, 409]
    assert len({body["holder"]["name"] for _, body in answers}) == 1


async def test_a_fraud_blocks_the_buyer_and_undoing_restores_both(
    api: Api, shop: Shop, ana: aiohttp.ClientSession, bia: aiohttp.ClientSession
) -> None:
    api.clock.stop()
    await add_case(api, shop, "fraud", amount_minor=5000)
    path = "/api/v1/review/stripe:pi_fraud"
    await post(ana, f"{path}/claim", None)
    api.clock.ahead = timedelta(seconds=6)

    status, accepted = await post(
        ana, f"{path}/verdict", {"verdict": "fraud", "block_customer": True, "reason": "same"}
    )
    assert (status, accepted["blocked_customer"]) == (202, "cus_fraud")
    # Before any message is projected, the case is closed for everyone.
    assert (await get(bia, "/api/v1/review"))["items"] == []
    given, blocked = await published(api, shop)
    assert (given.verdict, given.customer_id, given.reason) == (PaymentVerdict.FRAUD, "cus_fraud", "same")
    assert (blocked.customer_id, blocked.status, blocked.expires_at) == ("cus_fraud", TrustStatus.BLOCKED, None)
    summary = await get(ana, "/api/v1/review/summary")
    assert [summary[name] for name in ("open", "decided_today", "frauds_today", "median_seconds")] == [0, 1, 1, 6.0]

    assert (await post(bia, f"{path}/undo", None))[1]["code"] == "not_yours"
    status, case = await post(ana, f"{path}/undo", None)
    assert (status, case["open"], case["holder"]["name"]) == (202, True, "ana@loja.example")
    await api.project(given)
    assert (await get(bia, "/api/v1/review"))["items"] == []
    withdrawn, restored = (await published(api, shop))[2:]
    assert (withdrawn.verdict, restored.status) == (PaymentVerdict.WITHDRAWN, TrustStatus.NEUTRAL)
    await api.project(withdrawn)
    assert names(await get(bia, "/api/v1/review")) == ["fraud"]
    assert (await post(ana, f"{path}/undo", None))[1]["code"] == "already_undone"
    assert (await get(ana, "/api/v1/review/summary"))["decided_today"] == 0


async def test_a_verdict_is_undone_after_its_messages_were_projected(
    api: Api, shop: Shop, ana: aiohttp.ClientSession
) -> None:
    # The clock runs: the request's own verdict and status must not count as later ones.
    await add_case(api, shop, "projected")
    path = "/api/v1/review/stripe:pi_projected"
    assert (await post(ana, f"{path}/verdict", {"verdict": "fraud", "block_customer": True}))[0] == 202
    given, blocked = await published(api, shop)
    stored = {"version": 2, "status": blocked.status, "cause": "status_set", "occurred_at": blocked.occurred_at}
    await api.project(given, trust_updated(tenant_id=shop.tenant.id, customer_id="cus_projected", **stored))

    status, case = await post(ana, f"{path}/undo", None)

    assert (status, case.get("open")) == (202, True), case
    withdrawn, restored = (await published(api, shop))[2:]
    assert (withdrawn.verdict, restored.status) == (PaymentVerdict.WITHDRAWN, TrustStatus.NEUTRAL)


async def test_a_status_that_another_person_set_since_survives_undoing(
    api: Api, shop: Shop, ana: aiohttp.ClientSession
) -> None:
    now = api.clock.stop()
    await add_case(api, shop, "later_status")
    path = "/api/v1/review/stripe:pi_later_status"
    await post(ana, f"{path}/verdict", {"verdict": "fraud", "block_customer": True})
    since = now + timedelta(minutes=1)
    allowed = {"version": 2, "status": TrustStatus.ALLOWLISTED, "cause": "status_set", "occurred_at": since}
    await api.project(trust_updated(tenant_id=shop.tenant.id, customer_id="cus_later_status", **allowed))
    api.clock.ahead = timedelta(minutes=2)

    assert (await post(ana, f"{path}/undo", None))[0] == 202
    assert [type(each) for each in await published(api, shop)] == [VerdictGiven, CustomerStatusSet, VerdictGiven]


async def test_a_verdict_cannot_be_undone_after_ten_minutes_or_after_a_later_one(
    api: Api, shop: Shop, ana: aiohttp.ClientSession
) -> None:
    now = api.clock.stop()
    for name in ("late", "judged_since"):
        await add_case(api, shop, name)
        await post(ana, f"/api/v1/review/stripe:pi_{name}/verdict", {"verdict": "legitimate"})
    about = {"tenant_id": shop.tenant.id, "payment_id": "stripe:pi_judged_since"}
    await api.project(verdict(PaymentVerdict.FRAUD, **about, occurred_at=now + timedelta(minutes=1)))

    assert (await post(ana, "/api/v1/review/stripe:pi_judged_since/undo", None))[1]["code"] == "later_verdict"
    api.clock.ahead = timedelta(minutes=10, seconds=1)
    assert (await post(ana, "/api/v1/review/stripe:pi_late/undo", None))[1]["code"] == "too_late"


async def test_a_verdict_that_is_withdrawn_on_the_payment_reopens_the_case(
    api: Api, shop: Shop, ana: aiohttp.ClientSession
) -> None:
    await add_case(api, shop, "withdrawn")
    path = "/api/v1/payments/stripe:pi_withdrawn/verdict"
    assert (await post(ana, path, {"verdict": "legitimate"}))[0] == 202
    assert (await get(ana, "/api/v1/review"))["items"] == []
    assert (await post(ana, path, {"verdict": "withdrawn"}))[0] == 202
    await api.project(*await published(api, shop))
    assert names(await get(ana, "/api/v1/review")) == ["withdrawn"]


async def test_cases_are_put_off_and_assigned(api: Api, shop: Shop, ana: aiohttp.ClientSession) -> None:
    bia = await api.sign_in(await api.user(shop, Role.ANALYST, f"bia@{shop.tenant.slug}.example"))
    now = api.clock.stop()
    for name in ("later", "mine", "open"):
        await add_case(api, shop, name)
    until = now + timedelta(hours=1)
    assert (await post(ana, "/api/v1/review/stripe:pi_later/later", {"until": until.isoformat()}))[0] == 200
    path = "/api/v1/review/stripe:pi_mine/assign"
    status, case = await post(ana, path, {"member": f"Bia@{shop.tenant.slug}.example"})
    assert (status, case["assigned_to"]) == (200, f"bia@{shop.tenant.slug}.example")
    await post(bia, "/api/v1/review/stripe:pi_open/claim", None)

    assert names(await get(ana, "/api/v1/review?sort=age")) == ["mine", "open"]
    assert names(await get(ana, "/api/v1/review?snoozed=true")) == ["later"]
    assert names(await get(bia, "/api/v1/review?mine=true&sort=age")) == ["mine", "open"]
    assert names(await get(ana, "/api/v1/review?mine=true")) == []
    summary = await get(bia, "/api/v1/review/summary?timezone=America/Sao_Paulo")
    assert [summary[name] for name in ("open", "mine", "snoozed")] == [2, 2, 1]
    assert summary["amounts"] == [{"currency": "BRL", "payments": 2, "amount_minor": 2500}]

    assert (await post(ana, path, {"member": None}))[1]["assigned_to"] is None
    viewer = await api.user(shop, Role.VIEWER, "viewer@loja.example")
    assert (await post(ana, path, {"member": "viewer@loja.example"}))[0] == 422
    assert (await post(ana, path, {"member": "owner@loja-b.example"}))[0] == 422
    reviewers = (await get(ana, "/api/v1/review/reviewers"))["items"]
    assert [each["email"] for each in reviewers][:2] == ["ana@loja.example", f"bia@{shop.tenant.slug}.example"]
    assert (await post(api.client(viewer.bearer), "/api/v1/review/stripe:pi_open/claim", None))[0] == 403
    api.clock.ahead = timedelta(hours=1, seconds=1)
    assert "later" in names(await get(ana, "/api/v1/review"))


@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("later", {"until": "2026-01-01T00:00:00Z"}, "body.until"),
        ("later", {"until": "2999-01-01T00:00:00Z"}, "body.until"),
        ("verdict", {"verdict": "withdrawn"}, "body.verdict"),
        ("verdict", {"verdict": "legitimate", "block_customer": True}, "body.block_customer"),
        ("verdict", {"verdict": "fraud", "block_until": "2999-01-01T00:00:00Z"}, "body.block_until"),
        (
            "verdict",
            {"verdict": "fraud", "block_customer": True, "block_until": "2026-01-01T00:00:00Z"},
            "body.block_until",
        ),
    ],
)
async def test_requests_that_make_no_sense_are_refused(
    api: Api, shop: Shop, ana: aiohttp.ClientSession, action: str, body: dict[str, Any], field: str
) -> None:
    await add_case(api, shop, "nonsense")
    status, problem = await post(ana, f"/api/v1/review/stripe:pi_nonsense/{action}", body)
    assert (status, [each["field"] for each in problem["errors"]]) == (422, [field])


async def test_a_buyer_who_is_not_known_cannot_be_blocked(api: Api, shop: Shop, ana: aiohttp.ClientSession) -> None:
    await add_case(api, shop, "nobody", customer_id=None)
    body = {"verdict": "fraud", "block_customer": True}
    assert (await post(ana, "/api/v1/review/stripe:pi_nobody/verdict", body))[0] == 422
    assert (await post(ana, "/api/v1/review/stripe:pi_nothing/verdict", {"verdict": "fraud"}))[0] == 404
    assert await published(api, shop) == []


async def test_colleagues_see_a_claim_on_the_stream_within_two_seconds(
    api: Api, shop: Shop, ana: aiohttp.ClientSession, bia: aiohttp.ClientSession
) -> None:
    await add_case(api, shop, "seen")
    async with bia.get("/api/v1/stream") as stream:
        assert (await stream.content.readline()).startswith(b"id: ")
        await post(ana, "/api/v1/review/stripe:pi_seen/claim", None)
        lines = b""
        async with asyncio.timeout(2):
            while b"holder" not in lines:
                lines += await stream.content.readline()
    assert b"event: review.changed" in lines
    assert b'"name":"ana@loja.example"' in lines
