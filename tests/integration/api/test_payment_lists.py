"""Lists of payments: pages, filters, searches and the export, over HTTP."""

import csv
from io import StringIO
from typing import Any

import aiohttp
import orjson
import pytest

from orylo_common.control.document_key_store import ensure_document_key
from orylo_common.control.keyring import Keyring
from orylo_common.control.sections.shop import ShopSettings
from orylo_common.control.sections.store import write_section
from orylo_common.customer_ids import customer_id_from
from orylo_common.hashing import hash_of
from orylo_common.messages import (
    Card,
    ConversionDispatched,
    ConversionFailed,
    ConversionSuppressed,
    Decision,
    DisputeLost,
    MatchKeys,
    PaymentCreated,
    PaymentEnriched,
    PaymentFailed,
    PaymentSucceeded,
    PaymentVerdict,
    Product,
    ReasonPoints,
)
from tests.integration.api.conftest import Api
from tests.support.actors import ACTOR
from tests.unit.api.builders import after, conversion, customer_merged, detection, payment, trust_updated, verdict

pytestmark = pytest.mark.integration
EMAIL, PHONE, DOCUMENT = "Ana@Example.com ", "(11) 98765-4321", "529.982.247-25"


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


def of(api: Api, **changes: Any) -> dict[str, Any]:
    return {"tenant_id": api.a.tenant.id, **changes}


async def get(client: aiohttp.ClientSession, path: str = "/api/v1/payments", **query: Any) -> Any:
    async with client.get(path, params=query) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def search(client: aiohttp.ClientSession, **body: Any) -> list[str]:
    async with client.post("/api/v1/payments/search", json=body) as response:
        assert response.status == 200, await response.text()
        return [each["id"] for each in (await response.json())["items"]]


async def test_a_row_shows_what_belongs_to_the_payment(api: Api, machine: aiohttp.ClientSession) -> None:
    about = of(api, payment_id="stripe:pi_row", customer_id="cus_row")
    points = tuple(ReasonPoints(reason=f"r{n}", detector="velocity", points=n) for n in (60, 20, 10, 1))
    first = detection(**about, decision=Decision.ALLOW, version=1)
    current = detection(
        **about, decision=Decision.BLOCK, version=2, risk_score=91, points=points, reasons=("r60", "r20", "r10", "r1")
    )
    await api.project(
        payment(PaymentSucceeded, **about, order_id="1047"),
        first,
        current,
        trust_updated(tenant_id=api.a.tenant.id, customer_id="cus_row"),
        trust_updated(tenant_id=api.a.tenant.id, customer_id="cus_row", version=2, score_before=52, score_after=44),
        conversion(ConversionSuppressed, **of(api, payment_id="stripe:pi_row")),
        verdict(PaymentVerdict.FRAUD, **of(api, payment_id="stripe:pi_row")),
    )

    [row] = (await get(machine, customer_id="cus_row"))["items"]

    assert (row["id"], row["order_id"], row["state"], row["card_last4"]) == (
        "stripe:pi_row", "1047", "succeeded", "4242",
    )  # fmt: skip
    decision = row["decision"]
    assert (decision["id"], decision["decision"], decision["risk_score"]) == (str(current.detection_id), "block", 91)
    assert [each["points"] for each in decision["points"]] == [60, 20]
    assert (decision["more_reasons"], row["decisions"], decision["version"]) == (2, 2, current.version)
    assert row["buyer"] == {"customer_id": "cus_row", "trust_score": 44, "last_change": -8, "status": "neutral"}
    assert (row["conversion"]["status"], row["conversion"]["reason"], row["conversion"]["count"]) == (
        "suppressed", "blocked", 1,
    )  # fmt: skip
    assert row["verdict"]["verdict"] == "fraud"


async def test_a_payment_of_which_nothing_else_is_known_is_listed(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(payment(PaymentCreated, **of(api, payment_id="stripe:pi_bare", customer_id=None, card=None)))

    [row] = (await get(machine, q="stripe:pi_bare"))["items"]

    assert (row["decision"], row["buyer"], row["conversion"], row["verdict"], row["decisions"]) == (None,) * 4 + (0,)


async def test_pages_hold_every_payment_once_while_others_arrive(api: Api, machine: aiohttp.ClientSession) -> None:
    # Two payments at each moment: the id decides between them.
    made = [
        payment(PaymentSucceeded, **of(api, payment_id=f"paging:{n:02}", gateway="paging", occurred_at=after(n // 2)))
        for n in range(11)
    ]
    await api.project(*made)

    seen: list[str] = []
    query: dict[str, Any] = {"gateway": "paging", "limit": 4}
    while True:
        page = await get(machine, **query)
        seen += [each["id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
        newer = payment(PaymentSucceeded, **of(api, payment_id=f"paging:new{len(seen)}", gateway="paging"))
        await api.project(newer.model_copy(update={"occurred_at": after(1000)}))

    assert seen == [each.payment_id for each in reversed(made)]


async def test_payments_are_filtered(api: Api, machine: aiohttp.ClientSession) -> None:
    def about(name: str, **changes: Any) -> dict[str, Any]:
        return of(api, payment_id=f"sift:{name}", gateway="sift", customer_id=f"cus_sift_{name}", **changes)

    def decided(name: str, decision: Decision, risk: int, version: int = 1) -> Any:
        return detection(**about(name), decision=decision, risk_score=risk, version=version)

    await api.project(
        payment(PaymentSucceeded, **about("paid", amount_minor=100, occurred_at=after(0))),
        decided("paid", Decision.ALLOW, 5),
        conversion(ConversionDispatched, **of(api, payment_id="sift:paid")),
        payment(PaymentSucceeded, **about("blocked", currency="EUR", occurred_at=after(10))),
        # The block replaces a review.
        decided("blocked", Decision.REVIEW, 65),
        decided("blocked", Decision.BLOCK, 91, version=2),
        conversion(ConversionSuppressed, **of(api, payment_id="sift:blocked")),
        payment(PaymentSucceeded, **about("open", products=(Product(product_id="p9"),), occurred_at=after(20))),
        decided("open", Decision.REVIEW, 62),
        conversion(ConversionDispatched, **of(api, payment_id="sift:open")),
        conversion(ConversionFailed, **of(api, payment_id="sift:open")),
        payment(PaymentSucceeded, **about("judged", occurred_at=after(30))),
        decided("judged", Decision.REVIEW, 60),
        verdict(PaymentVerdict.LEGITIMATE, **of(api, payment_id="sift:judged")),
        payment(PaymentFailed, **about("declined", occurred_at=after(40))),
        payment(PaymentSucceeded, **about("lost", occurred_at=after(50))),
        payment(DisputeLost, **about("lost", occurred_at=after(51))),
    )

    async def names(**query: Any) -> set[str]:
        page = await get(machine, gateway="other,sift", **query)
        return {each["id"].partition(":")[2] for each in page["items"]}

    assert await names() == {"paid", "blocked", "open", "judged", "declined", "lost"}
    assert await names(state="failed,chargeback") == {"declined", "lost"}
    assert await names(decision="allow,block") == {"paid", "blocked"}
    assert await names(min_risk=61, max_risk=90) == {"open"}
    assert await names(currency="EUR") == {"blocked"}
    assert await names(max_amount=100) == {"paid"}
    assert await names(product="p9") == {"open"}
    assert await names(product="Course") == {"paid", "blocked", "judged", "declined", "lost"}
    assert await names(conversion="dispatched") == {"paid"}
    assert await names(conversion="failed,suppressed") == {"open", "blocked"}
    assert await names(conversion="none", state="succeeded") == {"judged"}
    assert await names(**{"from": after(10).isoformat(), "to": after(30).isoformat()}) == {"blocked", "open"}
    # The delivered views.
    assert await names(decision="review", verdict="none") == {"open"}
    assert await names(decision="block", state="succeeded") == {"blocked"}
    assert await names(conversion="failed,pending,suppressed,none", state="succeeded") == {"blocked", "open", "judged"}


async def test_a_text_finds_payments_by_order_card_and_beginning(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(
        payment(PaymentSucceeded, **of(api, payment_id="texta:XY7741", gateway="texta", order_id="order-77")),
        payment(PaymentSucceeded, **of(api, payment_id="textb:XY7742", gateway="textb", card=Card(last4="9876"))),
        payment(PaymentSucceeded, **of(api, payment_id="textb:zz9876", gateway="textb", order_id="9876")),
        payment(PaymentSucceeded, tenant_id=api.b.tenant.id, payment_id="textb:XY7743", order_id="order-77"),
    )

    async def found(q: str) -> set[str]:
        return {each["id"] for each in (await get(machine, q=q))["items"]}

    assert await found("order-77") == {"texta:XY7741"}
    assert await found("XY774") == {"texta:XY7741", "textb:XY7742"}
    assert await found("textb:XY7") == {"textb:XY7742"}
    assert await found("9876") == {"textb:XY7742", "textb:zz9876"}
    assert await found("7741") == set()
    assert await found("%_\\") == set()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"state": "gone"}, "query.state.0"),
        ({"decision": ""}, "query.decision.0"),
        ({"gateway": ",".join(["stripe"] * 21)}, "query.gateway"),
        ({"q": "ana@example.com"}, "query.q"),
        ({"email": "ana@example.com"}, "query.email"),
        ({"cursor": "x"}, "query.cursor"),
    ],
)
async def test_invalid_filters_are_named_and_not_repeated(
    machine: aiohttp.ClientSession, query: dict[str, str], field: str
) -> None:
    async with machine.get("/api/v1/payments", params=query) as response:
        body = await response.json()
        assert response.status == 422
        assert [each["field"] for each in body["errors"]] == [field]
        assert "example.com" not in await response.text()


async def test_a_person_is_found_by_what_ingest_hashes(api: Api, machine: aiohttp.ClientSession) -> None:
    tenant_id = api.a.tenant.id
    async with api.pool.acquire() as connection:
        key = await ensure_document_key(connection, Keyring.parse(api.master_key))
        await write_section(connection, tenant_id, ShopSettings(country="BR"), actor=ACTOR)
    phone, document = hash_of("5511987654321"), key.hash_of(hash_of("52998224725"))
    by_email = customer_id_from(tenant_id, "email", hash_of("ana@example.com"))
    await api.project(
        payment(PaymentSucceeded, **of(api, payment_id="who:mail", customer_id=by_email)),
        # Another customer id of the same person.
        payment(PaymentSucceeded, **of(api, payment_id="who:merged", customer_id="cus_other_of_ana")),
        customer_merged(tenant_id=tenant_id, customer_id=by_email, people=(by_email, "cus_other_of_ana")),
        customer_merged(tenant_id=tenant_id, customer_id="cus_other_of_ana", people=(by_email, "cus_other_of_ana")),
        payment(PaymentSucceeded, **of(api, payment_id="who:phone", match_keys=MatchKeys(phone=phone))),
        payment(PaymentSucceeded, **of(api, payment_id="who:document")),
        payment(PaymentEnriched, **of(api, payment_id="who:document", document_hash=document)),
        payment(PaymentSucceeded, tenant_id=api.b.tenant.id, payment_id="who:b", match_keys=MatchKeys(phone=phone)),
    )

    assert set(await search(machine, email=EMAIL)) == {"who:mail", "who:merged"}
    assert await search(machine, phone=PHONE) == ["who:phone"]
    assert await search(machine, phone="+55 11 98765 4321") == ["who:phone"]
    assert await search(machine, document=DOCUMENT) == ["who:document"]
    assert await search(machine, phone=PHONE, document=DOCUMENT) == []
    assert await search(machine, email=EMAIL, state=["refunded"]) == []

    lines = await api.pool.fetch(
        "SELECT after, actor FROM control.audit_log WHERE tenant_id = $1 AND action = 'payment.search'", tenant_id
    )
    assert len(lines) == 6
    assert {"email": f"sha256:{hash_of('ana@example.com')}"} in [line["after"] for line in lines]
    text = orjson.dumps([line["after"] for line in lines]).decode()
    assert not any(clear in text.lower() for clear in ("ana@", "987654321", "52998224725"))


@pytest.mark.parametrize("body", [{"email": "ana"}, {"phone": "12"}, {"document": "---"}])
async def test_a_value_that_names_no_one_is_refused(machine: aiohttp.ClientSession, body: dict[str, str]) -> None:
    async with machine.post("/api/v1/payments/search", json=body) as response:
        assert response.status == 422
        assert [each["field"] for each in (await response.json())["errors"]] == [f"body.{next(iter(body))}"]


async def test_the_export_has_every_page_and_no_formula(api: Api, machine: aiohttp.ClientSession) -> None:
    products = (Product(product_id="p", name='=HYPERLINK("http://x","y")'),)
    await api.project(
        *(
            payment(PaymentSucceeded, **of(api, payment_id=f"csv:{n:03}", gateway="csv", products=products))
            for n in range(205)
        ),
        payment(PaymentSucceeded, tenant_id=api.b.tenant.id, payment_id="csv:other", gateway="csv"),
    )

    async with machine.get("/api/v1/payments/export", params={"gateway": "csv"}) as response:
        assert (response.status, response.content_type) == (200, "text/csv")
        rows = list(csv.DictReader(StringIO(await response.text())))

    assert sorted(row["payment_id"] for row in rows) == [f"csv:{n:03}" for n in range(205)]
    assert {row["products"] for row in rows} == {'\'=HYPERLINK("http://x","y")'}
    assert {row["amount_minor"] for row in rows} == {"1250"}

    async with machine.get("/api/v1/payments/export", params={"state": "gone"}) as response:
        assert response.status == 422
