"""A customer's ledger, timeline, links and status, and how a customer is looked up and listed."""

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from orylo_common.control.models import Role
from orylo_common.customer_ids import customer_id_from
from orylo_common.hashing import hash_of
from orylo_common.ids import uuid7
from orylo_common.messages import (
    Card,
    CausePoints,
    ConversionDispatched,
    DisputeOpened,
    MatchKeys,
    PaymentFailed,
    PaymentSucceeded,
    Tracking,
    TrustStatus,
)
from tests.integration.api.conftest import Api, Shop, make_shop
from tests.integration.api.test_customer_scores import post
from tests.integration.api.test_endpoints import get
from tests.unit.api.builders import NOON, after, conversion, customer_merged, detection, payment, trust_updated

pytestmark = pytest.mark.integration


@pytest.fixture
async def shop(api: Api) -> Shop:
    return await make_shop(api.pool, f"loja-{uuid7().hex}")


@pytest.fixture
async def ana(api: Api, shop: Shop) -> aiohttp.ClientSession:
    return api.client(shop.bearer)


def paid(shop: Shop, name: str, customer: str | None, kind: Any = PaymentSucceeded, **changes: Any) -> Any:
    about: dict[str, Any] = {"tenant_id": shop.tenant.id, "payment_id": f"stripe:pi_{name}", "customer_id": customer}
    return payment(kind, **{**about, **changes})


def changed(
    shop: Shop, customer: str, version: int, causes: dict[str, int], score: tuple[int, int], **more: Any
) -> Any:
    return trust_updated(
        tenant_id=shop.tenant.id,
        customer_id=customer,
        version=version,
        score_before=score[0],
        score_after=score[1],
        start=50,
        causes=tuple(CausePoints(cause=name, points=points) for name, points in causes.items()),
        **{"occurred_at": after(version), **more},
    )


async def test_the_ledger_adds_up_also_beyond_the_limits(api: Api, shop: Shop, ana: aiohttp.ClientSession) -> None:
    at_status = {"status": TrustStatus.BLOCKED, "cause": "status_set", "actor": "bia", "reason": "why"}
    messages = [
        changed(shop, "cus_l", 1, {"clean": 2}, (50, 52), cause="clean_payment", payment_id="stripe:pi_1"),
        changed(shop, "cus_l", 2, {"clean": 2, "dispute": -50}, (52, 2), cause="dispute_opened"),
        changed(shop, "cus_l", 3, {"clean": 2, "dispute": -50, "fraud": -30}, (2, 0), cause="fraud_warning"),
        changed(shop, "cus_l", 4, {"clean": 2, "dispute": -50, "fraud": -30}, (0, 0), **at_status),
        changed(shop, "cus_l", 5, {"clean": 2, "dispute": -50, "fraud": -25}, (0, 0), cause="correction", actor="ana"),
    ]
    await api.project(messages[2], messages[0])
    await api.project(messages[4], messages[3], messages[1])

    ledger = await get(ana, "/api/v1/customers/cus_l/ledger")
    shown = [
        (each["cause"], each["points"], each["total"], each["score_after"], each["limited"]) for each in ledger["items"]
    ]
    assert shown == [
        ("correction", 5, -23, 0, True),
        ("fraud_warning", -30, -28, 0, True),
        ("dispute_opened", -50, 2, 2, False),
        ("clean_payment", 2, 52, 52, False),
    ]
    assert (ledger["start"], ledger["total"], ledger["trust_score"]) == (50, -23, 0)
    assert ledger["start"] + sum(each["points"] for each in ledger["items"]) == ledger["total"]
    assert ledger["items"][3]["payment_id"] == "stripe:pi_1"
    walked, cursor = [], ""
    for _ in range(4):
        page = await get(ana, f"/api/v1/customers/cus_l/ledger?limit=1{cursor}")
        walked += page["items"]
        cursor = f"&cursor={page['next_cursor']}"
    assert walked == ledger["items"]
    assert page["next_cursor"] is None


async def test_changes_of_earlier_versions_add_up_by_their_scores(
    api: Api, shop: Shop, ana: aiohttp.ClientSession
) -> None:
    for version, score in ((1, (50, 52)), (2, (52, 2))):
        await api.project(
            trust_updated(
                tenant_id=shop.tenant.id, customer_id="cus_old", version=version, score_before=score[0],
                score_after=score[1], cause="clean_payment",
            )
        )  # fmt: skip
    ledger = await get(ana, "/api/v1/customers/cus_old/ledger")
    assert [each["points"] for each in ledger["items"]] == [-50, 2]
    assert (ledger["start"], ledger["total"]) == (50, 2)


async def test_the_timeline_holds_everything_once_in_order(api: Api, shop: Shop, ana: aiohttp.ClientSession) -> None:
    tenant = {"tenant_id": shop.tenant.id}
    # All at one time: the pages must not lose or repeat any of them.
    await api.project(
        *(paid(shop, f"t{number}", "cus_t", occurred_at=NOON) for number in range(3)),
        paid(shop, "other", "cus_t2", occurred_at=after(5)),
        detection(**tenant, payment_id="stripe:pi_t0", customer_id="cus_t"),
        changed(shop, "cus_t", 1, {"clean": 2}, (50, 52), cause="clean_payment", occurred_at=NOON),
        conversion(ConversionDispatched, **tenant, payment_id="stripe:pi_t1"),
        paid(shop, "stranger", "cus_stranger"),
    )
    await api.project(
        *(
            customer_merged(**tenant, customer_id=each, people=("cus_t", "cus_t2"), occurred_at=after(9))
            for each in ("cus_t", "cus_t2")
        )
    )
    await post(ana, "/api/v1/customers/cus_t2/notes", {"text": "a note"})

    everything = (await get(ana, "/api/v1/customers/cus_t2/timeline"))["items"]
    kinds = sorted(each["kind"] for each in everything)
    assert kinds == [*["detection"], *["merge"] * 2, "note", *["payment"] * 4, "trust", "visit"]
    assert [each["at"] for each in everything] == sorted((each["at"] for each in everything), reverse=True)
    walked: list[Any] = []
    cursor: str | None = ""
    while cursor is not None and len(walked) <= len(everything):
        page = await get(ana, f"/api/v1/customers/cus_t/timeline?limit=2{cursor}")
        walked += page["items"]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert walked == everything
    (visit,) = [each for each in everything if each["kind"] == "visit"]
    assert (visit["click_id"], visit["payment_id"]) == ("clk_1", "stripe:pi_t1")


async def test_links_show_who_shares_a_card(api: Api, shop: Shop, ana: aiohttp.ClientSession) -> None:
    card = Card(fingerprint="fp_1", brand="visa", last4="4242", country="BR")
    mine = {"card": card, "ip": "203.0.113.7", "tracking": Tracking(fbp="fb.1.1764324000000.1")}
    await api.project(
        paid(shop, "own1", "cus_own", **mine),
        paid(shop, "own2", "cus_own", **mine | {"ip": "203.0.113.8"}, occurred_at=after(3)),
        paid(shop, "theirs", "cus_friend", card=card),
        paid(shop, "alone", "cus_alone", card=Card(fingerprint="fp_2")),
    )

    links = await get(ana, "/api/v1/customers/cus_own/links")
    assert links["people"] == ["cus_own"]
    shown = [(each["kind"], each["label"], each["payments"]) for each in links["links"]]
    assert shown == [("card", "visa •••• 4242 BR", 2), ("device", None, 2), ("ip", None, 1), ("ip", None, 1)]
    assert links["links"][0]["shared_with"] == [{"customer_id": "cus_friend", "payments": 1}]
    assert all(not each["shared_with"] for each in links["links"][1:])
    assert "203.0.113" not in str(links)


async def test_a_customer_is_found_by_what_identifies_them(api: Api, shop: Shop, ana: aiohttp.ClientSession) -> None:
    email, phone = hash_of("ana@example.com"), hash_of("5511987654321")
    by_email = customer_id_from(shop.tenant.id, "email", email)
    keys = MatchKeys(email=email, phone=phone)
    await api.project(paid(shop, "hers", by_email, match_keys=keys, order_id="1047"))

    for body in (
        {"email": " Ana@Example.com "},
        {"email": email},
        {"phone": "+55 (11) 98765-4321"},
        {"phone": phone},
        {"order_id": "1047"},
        {"customer_id": by_email},
    ):
        status, found = await post(ana, "/api/v1/customers/lookup", body)
        assert (status, [each["id"] for each in found["items"]]) == (200, [by_email]), body
    assert found["items"][0]["payments"] == 1
    lines = [str(row["after"]) for row in await api.pool.fetch(
        "SELECT after FROM control.audit_log WHERE action = 'customer.look_up' AND tenant_id = $1", shop.tenant.id
    )]  # fmt: skip
    assert len(lines) == 6
    assert not [each for each in ("example.com", "Ana", "98765", "1047'") if each in "".join(lines)]
    assert f"sha256:{email}" in "".join(lines)


async def test_a_lookup_without_a_match_says_what_was_compared(shop: Shop, ana: aiohttp.ClientSession) -> None:
    status, found = await post(ana, "/api/v1/customers/lookup", {"email": "nobody@example.com"})
    assert (status, found["items"]) == (200, [])
    assert found["compared"]["kind"] == "email"
    assert found["compared"]["value"] == f"sha256:{hash_of('nobody@example.com')}"
    assert "lower case" in found["compared"]["how"]


@pytest.mark.parametrize(
    "body",
    [{}, {"email": "a@b.example", "order_id": "1"}, {"email": "not an address"}, {"phone": "12"}, {"name": "Ana"}],
)
async def test_a_lookup_needs_one_valid_value(ana: aiohttp.ClientSession, body: dict[str, str]) -> None:
    status, problem = await post(ana, "/api/v1/customers/lookup", body)
    assert status == 422
    assert "not an address" not in str(problem)


async def test_customers_are_filtered_and_shown_with_their_figures(
    api: Api, shop: Shop, ana: aiohttp.ClientSession
) -> None:
    blocked = {"status": TrustStatus.BLOCKED, "cause": "status_set"}
    await api.project(
        paid(shop, "f1", "cus_f", amount_minor=1000, occurred_at=NOON),
        paid(shop, "f2", "cus_f", PaymentFailed, amount_minor=9000, occurred_at=after(60)),
        paid(shop, "f3", "cus_f", currency="USD", amount_minor=500, occurred_at=after(120)),
        paid(shop, "f3", "cus_f", DisputeOpened, currency="USD", amount_minor=500, occurred_at=after(180)),
        paid(shop, "f4", "cus_f", test=True, occurred_at=after(900)),
        changed(shop, "cus_f", 1, {"clean": 2}, (50, 52), cause="clean_payment"),
        changed(shop, "cus_f", 2, {"clean": 2, "dispute": -50}, (52, 2), cause="dispute_opened"),
        paid(shop, "b1", "cus_b", occurred_at=after(600)),
        changed(shop, "cus_b", 1, {}, (50, 50), **blocked, occurred_at=after(700)),
    )

    async def ids(**query: str) -> list[str]:
        return [each["id"] for each in (await get(ana, "/api/v1/customers", **query))["items"]]

    (_, shown) = (await get(ana, "/api/v1/customers"))["items"]
    assert (shown["id"], shown["payments"], shown["disputes"]) == ("cus_f", 3, 1)
    assert shown["amounts"] == [
        {"currency": "BRL", "payments": 2, "paid_minor": 1000},
        {"currency": "USD", "payments": 1, "paid_minor": 500},
    ]
    assert shown["last_seen_at"].startswith(after(120).isoformat()[:19])
    assert [each["score"] for each in shown["scores"]] == [52, 2]

    noon = NOON.isoformat()
    assert await ids(status="blocked,allowlisted") == ["cus_b"]
    assert await ids(status="blocked,neutral") == ["cus_b", "cus_f"]
    assert await ids(min_trust="40", max_trust="60") == ["cus_b"]
    assert await ids(first_seen_from=after(300).isoformat()) == ["cus_b"]
    assert await ids(first_seen_to=after(300).isoformat()) == ["cus_f"]
    assert await ids(last_seen_from=after(300).isoformat(), status="neutral") == ["cus_f"]
    assert await ids(last_seen_to=noon) == []
    async with ana.get("/api/v1/customers", params={"status": "blocked,unheard"}) as response:
        assert response.status == 422


async def test_a_status_is_changed_only_if_it_is_the_one_that_was_read(
    api: Api, shop: Shop, ana: aiohttp.ClientSession
) -> None:
    await api.project(paid(shop, "s", "cus_s"))
    path = "/api/v1/customers/cus_s/status"
    async with ana.get(path) as response:
        etag, read = response.headers["ETag"], await response.json()
    assert (read["status"], read["set_at"]) == ("neutral", None)
    body = {"status": "allowlisted", "reason": "her own card", "expires_at": "2999-01-01T00:00:00Z"}
    assert (await post(ana, path, body, **{"If-Match": etag}))[0] == 202

    newer = {"status": TrustStatus.BLOCKED, "cause": "status_set", "actor": "bia", "reason": "chargeback"}
    await api.project(changed(shop, "cus_s", 1, {}, (50, 50), **newer, status_expires_at=NOON + timedelta(days=30)))
    assert (await post(ana, path, body, **{"If-Match": etag}))[0] == 412
    read = await get(ana, path)
    assert (read["status"], read["actor"], read["reason"]) == ("blocked", "bia", "chargeback")
    assert (await post(ana, path, body))[0] == 202
    viewer = api.client((await api.user(shop, Role.VIEWER, f"viewer@{shop.tenant.slug}.example")).bearer)
    assert (await post(viewer, path, body))[0] == 403
    assert (await viewer.get(path)).status == 200
