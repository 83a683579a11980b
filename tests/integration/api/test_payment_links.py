"""Related payments, the search by a pasted text, and verdicts on many payments, over HTTP."""

from typing import Any

import aiohttp
import orjson
import pytest

from orylo_common.control.document_key_store import ensure_document_key
from orylo_common.control.keyring import Keyring
from orylo_common.control.models import Role
from orylo_common.customer_ids import customer_id_from
from orylo_common.hashing import hash_of
from orylo_common.messages import (
    Card,
    ConversionDispatched,
    DisputeLost,
    MatchKeys,
    PaymentEnriched,
    PaymentSucceeded,
    PaymentVerdict,
    Tracking,
    VerdictGiven,
    decode,
)
from orylo_common.postgres.outbox_bodies import decompress
from tests.integration.api.conftest import Api
from tests.integration.api.test_customer_scores import REQUESTED
from tests.unit.api.builders import after, conversion, detection, payment, trust_updated, verdict

pytestmark = pytest.mark.integration


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


def paid(api: Api, name: str, **changes: Any) -> PaymentSucceeded:
    fields: dict[str, Any] = {"tenant_id": api.a.tenant.id, "payment_id": name, "customer_id": None, "card": None}
    return payment(PaymentSucceeded, **{**fields, **changes})


async def get(client: aiohttp.ClientSession, path: str, **query: Any) -> Any:
    async with client.get(path, params=query) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def post(client: aiohttp.ClientSession, path: str, **body: Any) -> Any:
    async with client.post(path, json=body) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def test_payments_are_related_by_what_they_share(api: Api, machine: aiohttp.ClientSession) -> None:
    card, device = Card(fingerprint="fp_rel"), Tracking(fbp="fb.1.rel")
    await api.project(
        paid(api, "rel:one", card=card, ip="203.0.113.90", customer_id="cus_rel", occurred_at=after(0)),
        paid(api, "rel:same_card", card=card, currency="EUR", amount_minor=900, occurred_at=after(1)),
        paid(api, "rel:fraud", card=card, ip="203.0.113.90", occurred_at=after(2)),
        payment(
            DisputeLost,
            tenant_id=api.a.tenant.id,
            payment_id="rel:fraud",
            card=card,
            customer_id=None,
            occurred_at=after(3),
        ),
        paid(api, "rel:other_card", card=Card(fingerprint="fp_other"), tracking=device),
        # The device is known from a later event.
        payment(PaymentEnriched, tenant_id=api.a.tenant.id, payment_id="rel:one", tracking=device),
        payment(PaymentSucceeded, tenant_id=api.b.tenant.id, payment_id="rel:theirs", card=card),
    )

    groups = {each["link"]: each for each in (await get(machine, "/api/v1/payments/rel:one/related"))["groups"]}

    assert list(groups) == ["customer", "card", "device", "ip"]
    shown = {link: [each["id"] for each in group["items"]] for link, group in groups.items()}
    assert shown == {
        "customer": [],
        "card": ["rel:fraud", "rel:same_card"],
        "device": ["rel:other_card"],
        "ip": ["rel:fraud"],
    }
    by_card = groups["card"]
    assert (by_card["payments"], by_card["complete"], by_card["fraud"]) == (2, True, 1)
    assert by_card["amounts"] == [
        {"currency": "BRL", "payments": 1, "amount_minor": 1250},
        {"currency": "EUR", "payments": 1, "amount_minor": 900},
    ]

    page = await get(machine, "/api/v1/payments/rel:one/related", link="card", limit=1)
    [first] = page["groups"]
    rest = await get(machine, "/api/v1/payments/rel:one/related", link="card", limit=1, cursor=first["next_cursor"])
    assert [each["id"] for each in (*first["items"], *rest["groups"][0]["items"])] == shown["card"]
    for path, status in (("rel:theirs/related", 404), ("rel:one/related?cursor=x", 422)):
        async with machine.get(f"/api/v1/payments/{path}") as response:
            assert response.status == status


async def test_a_pasted_text_finds_what_it_names(api: Api, machine: aiohttp.ClientSession) -> None:
    tenant_id = api.a.tenant.id
    async with api.pool.acquire() as connection:
        key = await ensure_document_key(connection, Keyring.parse(api.master_key))
    by_email = customer_id_from(tenant_id, "email", hash_of("bia@example.com"))
    decided = detection(tenant_id=tenant_id, payment_id="find:HP-1")
    sent = conversion(ConversionDispatched, tenant_id=tenant_id, payment_id="find:HP-1")
    await api.project(
        paid(api, "find:HP-1", order_id="order 7/8", customer_id=by_email),
        decided,
        sent,
        trust_updated(tenant_id=tenant_id, customer_id=by_email),
        paid(api, "find:phone", match_keys=MatchKeys(phone=hash_of("351912345678"))),
        paid(api, "find:document", document_hash=key.hash_of(hash_of("11144477735"))),
    )

    async def found(text: str, client: aiohttp.ClientSession = machine) -> list[tuple[str, str, str]]:
        hits = (await post(client, "/api/v1/search", text=text))["hits"]
        return [(each["kind"], each["path"], each["found_by"]) for each in hits]

    its_page = "/payments/find%3AHP-1"
    buyer = ("customer", f"/customers/{by_email}", "email")
    assert await found(" find:HP-1 ") == [("payment", its_page, "id")]
    assert await found("HP-1") == [("payment", its_page, "id")]
    assert await found(f"https://orylo.example{its_page}?tab=story") == [("payment", its_page, "id")]
    assert await found("orylo:payments/find:HP-1") == [("payment", its_page, "id")]
    assert await found("order 7/8") == [("payment", its_page, "order_id")]
    assert await found(str(decided.detection_id)) == [("decision", its_page, "id")]
    assert await found(f"https://orylo.example/?detection={decided.detection_id}") == [("decision", its_page, "id")]
    assert await found(str(sent.conversion_id).upper()) == [("conversion", its_page, "id")]
    assert await found("Bia@Example.com") == [buyer]
    assert await found(by_email) == [("customer", f"/customers/{by_email}", "id")]
    assert await found("+351 912 345 678") == [("payment", "/payments/find%3Aphone", "phone")]
    assert await found("111.444.777-35") == [("payment", "/payments/find%3Adocument", "document")]
    assert await found("never heard of it") == []
    theirs = api.client(api.b.bearer)
    for text in ("find:HP-1", by_email, str(decided.detection_id), "+351912345678", "111.444.777-35"):
        assert await found(text, theirs) == []

    lines = await api.pool.fetch(
        "SELECT after FROM control.audit_log WHERE action = 'search' AND tenant_id = $1", tenant_id
    )
    assert {"email": f"sha256:{hash_of('bia@example.com')}"} in [line["after"] for line in lines]
    text = orjson.dumps([line["after"] for line in lines]).decode()
    # Longer than what a hash may contain by chance.
    assert not any(clear in text for clear in ("912345678", "11144477735", "bia@"))


async def test_many_payments_are_judged_at_once(api: Api, machine: aiohttp.ClientSession) -> None:
    tenant_id = api.a.tenant.id
    await api.project(
        *(paid(api, f"bulk:{n}", customer_id=f"cus_bulk_{n}") for n in range(3)),
        verdict(PaymentVerdict.FRAUD, tenant_id=tenant_id, payment_id="bulk:2"),
        payment(PaymentSucceeded, tenant_id=api.b.tenant.id, payment_id="bulk:theirs"),
    )
    ids = ["bulk:0", "bulk:1", "bulk:0", "bulk:2", "bulk:theirs"]
    given: dict[str, Any] = {"ids": ids, "verdict": "fraud"}
    expected = {"given": 2, "unchanged": 1, "unknown": 1}

    counted = await post(machine, "/api/v1/payments/bulk", **given, dry_run=True)
    assert {name: counted[name] for name in expected} == expected
    assert await messages(api, "bulk:") == []

    headers = {"Idempotency-Key": "bulk-1"}
    for _ in range(2):
        async with machine.post("/api/v1/payments/bulk", json=given, headers=headers) as response:
            judged = await response.json()
    assert {name: judged[name] for name in expected} == expected
    assert judged["results"] == [
        {"id": "bulk:0", "outcome": "given"},
        {"id": "bulk:1", "outcome": "given"},
        {"id": "bulk:2", "outcome": "unchanged"},
        {"id": "bulk:theirs", "outcome": "unknown"},
    ]
    sent = await messages(api, "bulk:")
    assert sorted((each.payment_id, each.customer_id, each.verdict) for each in sent) == [
        ("bulk:0", "cus_bulk_0", "fraud"),
        ("bulk:1", "cus_bulk_1", "fraud"),
    ]
    lines = await api.pool.fetch("SELECT subject FROM control.audit_log WHERE subject LIKE 'payment bulk:%'")
    assert sorted(line["subject"] for line in lines) == ["payment bulk:0", "payment bulk:1"]

    viewer = api.client((await api.user(api.a, Role.VIEWER, "viewer.bulk@loja-a.example")).bearer)
    for client, body, status in (
        (viewer, given, 403),
        (machine, {**given, "ids": [f"bulk:{n}" for n in range(501)]}, 422),
        (machine, {**given, "ids": []}, 422),
    ):
        async with client.post("/api/v1/payments/bulk", json=body) as response:
            assert response.status == status


async def test_a_verdict_on_many_overwrites_none_that_another_person_gave_meanwhile(
    api: Api, machine: aiohttp.ClientSession
) -> None:
    ids = [f"stale:{n}" for n in range(3)]
    await api.project(
        *(paid(api, each) for each in ids),
        verdict(PaymentVerdict.FRAUD, tenant_id=api.a.tenant.id, payment_id=ids[0]),
    )
    read = {ids[0]: "fraud", ids[1]: "withdrawn", ids[2]: "withdrawn"}
    # The read model does not have this one yet.
    async with machine.post(f"/api/v1/payments/{ids[1]}/verdict", json={"verdict": "fraud"}) as response:
        assert response.status == 202
    given = {"ids": ids, "verdict": "legitimate", "expected": read}

    counted = await post(machine, "/api/v1/payments/bulk", **given, dry_run=True)
    judged = await post(machine, "/api/v1/payments/bulk", **given)

    for answer in (counted, judged):
        assert (answer["given"], answer["stale"]) == (2, 1)
        assert {each["id"]: each["outcome"] for each in answer["results"]} == {
            ids[0]: "given",
            ids[1]: "stale",
            ids[2]: "given",
        }
    assert {each.payment_id: each.verdict for each in await messages(api, "stale:")} == {
        ids[0]: "legitimate",
        ids[1]: "fraud",
        ids[2]: "legitimate",
    }


async def messages(api: Api, prefix: str) -> list[VerdictGiven]:
    """Return the verdicts on payments with these ids that are published, or wait for it."""
    bodies = [bytes(row["body"]) for row in await api.pool.fetch(REQUESTED)]
    found = {each.message_id: each for each in (decode(decompress(body)) for body in bodies)}
    return [each for each in found.values() if isinstance(each, VerdictGiven) and each.payment_id.startswith(prefix)]
