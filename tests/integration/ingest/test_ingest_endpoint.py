"""Webhooks over HTTP on a real PostgreSQL: each answer of the public contract, and the rows stored for it."""

import asyncio
import gzip
import hmac
import json
import zlib
from collections import Counter
from collections.abc import AsyncIterator

import orjson
import pytest

from orylo_common.messages import PaymentEnriched, PaymentSucceeded, decode
from tests.integration.ingest.running import SECRET, Ingest, open_another, running_ingest, stripe_signature
from tests.support.eventually import eventually
from tests.support.outbox import waiting_messages
from tests.unit.ingest.given import body_of, stripe

pytestmark = pytest.mark.integration

BODY = body_of("stripe/charge.succeeded.json")
CLOSE = "Connection: close\r\n"


@pytest.fixture
async def ingest(postgres_dsn: str) -> AsyncIterator[Ingest]:
    async with running_ingest(postgres_dsn) as ingest:
        yield ingest


async def nothing_is_stored(ingest: Ingest) -> bool:
    leaving = await ingest.pool.fetchval("SELECT count(*) FROM ingest.outbox WHERE type <> 'webhook.rejected.v1'")
    return not any([leaving, *[await ingest.rows(table) for table in ("events", "dedupe_registry", "facts")]])


async def test_a_signed_webhook_is_durable_and_published(ingest: Ingest) -> None:
    answer = await ingest.stripe(BODY)

    assert answer.status == 202
    (row,) = await ingest.pool.fetch("SELECT * FROM ingest.events")
    assert answer.body == {"status": "accepted", "event_id": str(row["event_id"])}
    assert (row["status"], row["message_type"]) == ("published", "payment.succeeded.v1")
    assert row["payload"]["data"]["object"]["id"] == "ch_3TstExampleCard0001"
    await eventually(lambda: len(ingest.published.messages) == 1)
    (message,) = ingest.published.messages
    assert isinstance(message, PaymentSucceeded)
    assert message.event_id == answer.body["event_id"]
    await eventually(lambda: is_empty(ingest, "outbox"))


async def is_empty(ingest: Ingest, table: str) -> bool:
    return await ingest.rows(table) == 0


async def test_fifty_deliveries_at_once_are_one_event(ingest: Ingest) -> None:
    answers = await asyncio.gather(*(ingest.stripe(BODY) for _ in range(50)))

    assert Counter(answer.status for answer in answers) == {202: 1, 200: 49}
    assert len({answer.body["event_id"] for answer in answers}) == 1
    assert (await ingest.rows("events"), await ingest.rows("dedupe_registry")) == (1, 1)
    await eventually(lambda: is_empty(ingest, "outbox"))
    assert len(ingest.published.messages) == 1


async def test_two_processes_recognise_each_others_duplicates(ingest: Ingest, postgres_dsn: str) -> None:
    async with open_another(postgres_dsn, ingest) as other:
        events = [stripe("charge.succeeded") | {"id": f"evt_{number % 20}"} for number in range(200)]
        bodies = [orjson.dumps(event) for event in events]
        answers = await asyncio.gather(
            *((ingest if number % 2 else other).stripe(body) for number, body in enumerate(bodies))
        )
    assert Counter(answer.status for answer in answers) == {202: 20, 200: 180}
    assert await ingest.rows("events") == 20
    assert await ingest.pool.fetchval("SELECT count(*) FROM ingest.events WHERE status = 'published'") == 1


async def test_one_payment_reported_by_many_events_is_published_once(ingest: Ingest) -> None:
    events = [
        stripe("payment_intent.succeeded"),
        stripe("charge.succeeded"),
        stripe("checkout.session.completed"),
        stripe("invoice.paid", payment_intent="pi_3TstExampleCard0001"),
    ]
    answers = await asyncio.gather(*(ingest.stripe(orjson.dumps(event)) for event in events))

    assert [answer.status for answer in answers] == [202] * 4
    statuses = Counter(row["status"] for row in await ingest.pool.fetch("SELECT status FROM ingest.events"))
    assert statuses == {"published": 1, "already_reported": 3}
    await eventually(lambda: is_empty(ingest, "outbox"))
    published = Counter(message.type for message in ingest.published.messages)
    assert published == {"payment.succeeded.v1": 1, "payment.enriched.v1": 3}


async def test_a_later_event_about_a_known_sale_enriches_it(ingest: Ingest) -> None:
    first = await ingest.stripe(orjson.dumps(stripe("payment_intent.succeeded", customer=None, receipt_email=None)))
    second = await ingest.stripe(orjson.dumps(stripe("charge.succeeded")))
    again = await ingest.stripe(orjson.dumps(stripe("charge.succeeded")))

    assert (first.status, second.status, again.status) == (202, 202, 200)
    await eventually(lambda: is_empty(ingest, "outbox"))
    succeeded, enriched = ingest.published.messages
    assert isinstance(succeeded, PaymentSucceeded)
    assert isinstance(enriched, PaymentEnriched)
    assert succeeded.match_keys.email is None
    assert enriched.match_keys.email is not None
    assert (enriched.payment_id, enriched.event_id) == (succeeded.payment_id, second.body["event_id"])
    assert enriched.tenant_id == succeeded.tenant_id


async def test_an_enrichment_waits_in_the_outbox_while_the_bus_is_away(ingest: Ingest) -> None:
    """The complete message is committed to the outbox with the event, before the webhook is answered."""
    ingest.published.away = True
    await ingest.stripe(orjson.dumps(stripe("payment_intent.succeeded", customer=None, receipt_email=None)))
    await ingest.stripe(orjson.dumps(stripe("charge.succeeded")))

    waiting = await waiting_messages(ingest.pool, "ingest")
    assert [message.type for message in waiting] == ["payment.succeeded.v1", "payment.enriched.v1"]
    assert [decode(message.body).message_id for message in waiting] == [message.message_id for message in waiting]


async def test_the_same_id_with_another_body_is_a_conflict(ingest: Ingest) -> None:
    first = await ingest.stripe(BODY)
    for _ in range(3):
        second = await ingest.stripe(orjson.dumps(stripe("charge.succeeded", amount=1, amount_captured=1)))
        assert (second.status, second.body["status"]) == (200, "duplicate")
        assert second.body["event_id"] == first.body["event_id"]

    rows = await ingest.pool.fetch("SELECT status, reason FROM ingest.events ORDER BY created_at")
    assert [row["status"] for row in rows] == ["published", "conflict"]
    assert first.body["event_id"] in rows[1]["reason"]
    await eventually(lambda: is_empty(ingest, "outbox"))
    types = [message.type for message in ingest.published.messages]
    assert types == ["payment.succeeded.v1", "webhook.quarantined.v1"]


async def test_equal_content_in_another_notation_is_a_duplicate(ingest: Ingest) -> None:
    await ingest.stripe(BODY)
    again = await ingest.stripe(json.dumps(json.loads(BODY), indent=7).encode())
    assert (again.status, again.body["status"]) == (200, "duplicate")
    assert await ingest.rows("events") == 1


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (BODY, {}, "signature_missing"),
        (BODY, {"Stripe-Signature": "nonsense"}, "signature_malformed"),
        (BODY, {"Stripe-Signature": stripe_signature(BODY, "whsec_wrong")}, "signature_mismatch"),
        (BODY, {"Stripe-Signature": stripe_signature(BODY, age_s=301)}, "timestamp_too_old"),
        (json.dumps(json.loads(BODY)).encode(), {"Stripe-Signature": stripe_signature(BODY)}, "signature_mismatch"),
        (BODY.replace(b"29700", b"29701"), {"Stripe-Signature": stripe_signature(BODY)}, "signature_mismatch"),
        (BODY, {"X-Signature": "sha256=" + hmac.digest(SECRET.encode(), BODY, "sha256").hex()}, "signature_missing"),
        (BODY, {"Stripe-Signature": stripe_signature(BODY).replace("v1=", "v0=")}, "signature_malformed"),
    ],
)
async def test_an_unauthenticated_webhook_is_answered_401_with_a_reason(
    ingest: Ingest, body: bytes, headers: dict[str, str], code: str
) -> None:
    answer = await ingest.post(body, headers=headers)

    assert answer.status == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.body["status"], answer.body["code"]) == (401, code)
    assert answer.body["detail"]
    assert await nothing_is_stored(ingest)


async def test_any_active_secret_authenticates(ingest: Ingest) -> None:
    await ingest.configure(secrets=("whsec_old", "whsec_new"))
    statuses: list[int] = []

    async def both_are_accepted() -> bool:
        statuses[:] = [(await ingest.stripe(BODY, secret=secret)).status for secret in ("whsec_old", "whsec_new")]
        return 401 not in statuses

    await eventually(both_are_accepted)
    assert (await ingest.stripe(BODY)).status == 401


async def test_hmac_mode_accepts_no_native_signature(ingest: Ingest) -> None:
    await ingest.configure(mode="hmac")
    headers = {"X-Signature": "sha256=" + hmac.digest(SECRET.encode(), BODY, "sha256").hex()}

    async def hmac_is_accepted() -> bool:
        return (await ingest.post(BODY, headers=headers)).status in (200, 202)

    await eventually(hmac_is_accepted)
    refused = await ingest.stripe(BODY)
    assert (refused.status, refused.body["code"]) == (401, "signature_missing")


async def test_all_404_answers_are_equal(ingest: Ingest) -> None:
    await ingest.configure("hotmart", enabled=False)
    answers = [
        await ingest.post(BODY, tenant="nobody"),
        await ingest.post(BODY, gateway="bitcoin"),
        await ingest.post(BODY, gateway="hotmart"),
        await ingest.post(BODY, gateway="kiwify"),
        await ingest.post(BODY, tenant="../loja"),
        await ingest.post(BODY, tenant=""),
    ]
    assert {answer.status for answer in answers} == {404}
    assert {orjson.dumps(answer.body) for answer in answers} == {orjson.dumps(answers[0].body)}
    assert await nothing_is_stored(ingest)


async def test_the_address_may_contain_the_tenants_id(ingest: Ingest) -> None:
    tenant_id = await ingest.pool.fetchval("SELECT id FROM control.tenants")
    assert (await ingest.stripe(BODY, tenant=str(tenant_id))).status == 202


@pytest.mark.parametrize("body", [b"", b"not json", b"{", b"\xff\xfe\x00", b'{"a": }'])
async def test_an_authentic_but_unreadable_body_is_answered_400(ingest: Ingest, body: bytes) -> None:
    answer = await ingest.stripe(body)
    assert (answer.status, answer.body["code"]) == (400, "unreadable_body")
    assert await nothing_is_stored(ingest)


@pytest.mark.parametrize("odd", [rb'"\ud83dMariana"', b'"Jos\xe9"', b'"Ana\tMaria\x00"', b"1e999"])
async def test_an_authentic_body_that_is_nearly_json_is_published(ingest: Ingest, odd: bytes) -> None:
    answer = await ingest.stripe(BODY.replace(b"{", b'{"odd": %s,' % odd, 1))
    assert answer.status == 202
    (row,) = await ingest.pool.fetch("SELECT status, message_type FROM ingest.events")
    assert tuple(row) == ("published", "payment.succeeded.v1")


@pytest.mark.parametrize("body", [b"[]", b'[{"id":"evt_1"}]', b"{}", b'{"id":"evt_1","object":"event"}', b"a=1&b=2"])
async def test_an_authentic_but_unknown_body_is_quarantined(ingest: Ingest, body: bytes) -> None:
    answer = await ingest.stripe(body)
    assert (answer.status, answer.body["status"]) == (202, "accepted")
    (row,) = await ingest.pool.fetch("SELECT status, reason, message_type FROM ingest.events")
    assert row["status"] == "quarantined"
    assert row["reason"]
    assert row["message_type"] is None
    await eventually(lambda: is_empty(ingest, "outbox"))
    assert [message.type for message in ingest.published.messages] == ["webhook.quarantined.v1"]


async def test_an_event_without_a_payment_is_stored_but_not_published(ingest: Ingest) -> None:
    assert (await ingest.stripe(body_of("stripe/customer.created.json"))).status == 202
    assert await ingest.pool.fetchval("SELECT status FROM ingest.events") == "ignored"
    assert await ingest.rows("outbox") == 0


async def test_bodies_have_a_size_limit(ingest: Ingest) -> None:
    too_large = b" " * (1024 * 1024) + b"{}"
    answer = await ingest.post(too_large)
    assert (answer.status, answer.body["code"]) == (413, "body_too_large")
    assert (await ingest.post_in_chunks(too_large)).status == 413
    just_fits = orjson.dumps(stripe("charge.succeeded", description="x" * 1_000_000))
    assert (await ingest.stripe(just_fits)).status == 202


async def test_the_size_limit_applies_to_the_inflated_body(ingest: Ingest) -> None:
    async def send(body: bytes) -> int:
        headers = {"Stripe-Signature": stripe_signature(body), "Content-Encoding": "gzip"}
        return (await ingest.post(gzip.compress(body), headers=headers)).status

    assert await send(BODY) == 202
    assert await send(b" " * 50_000_000) == 413
    broken = await ingest.post(b"no gzip at all", headers={"Content-Encoding": "gzip"})
    assert broken.status == 400


ZIPPED = gzip.compress(BODY)


@pytest.mark.parametrize(
    ("encoding", "sent", "status"),
    [
        ("gzip", ZIPPED, 202),
        ("X-GZip", ZIPPED, 202),
        ("deflate", zlib.compress(BODY), 202),
        ("deflate", zlib.compress(BODY)[2:-4], 202),
        ("identity", BODY, 202),
        ("", BODY, 202),
        ("gzip", ZIPPED[:-8], 400),
        ("gzip", ZIPPED[:-4], 400),
        ("gzip", ZIPPED[:-4] + b"\0\0\0\0", 400),
        ("gzip", ZIPPED + b"more", 400),
        ("gzip", b"", 400),
        ("deflate", BODY, 400),
        ("br", BODY, 415),
        ("zstd", BODY, 415),
        ("foo", BODY, 415),
        ("gzip, gzip", gzip.compress(ZIPPED), 415),
        ("whsec_very_secret", BODY, 415),
    ],
)
async def test_bodies_in_supported_encodings_are_accepted(
    ingest: Ingest, encoding: str, sent: bytes, status: int
) -> None:
    headers = {"Stripe-Signature": stripe_signature(BODY), "Content-Encoding": encoding}
    answer = await ingest.post(sent, headers=headers)
    assert answer.status == status
    if status != 202:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.body["code"] == {400: "unreadable_body", 415: "unsupported_encoding"}[status]
        assert encoding not in answer.body["detail"] or status == 400
        assert await nothing_is_stored(ingest)


@pytest.mark.parametrize(
    "head",
    [
        b"X-Long: whsec_very_secret" + b"a" * 9000,
        b"\r\n".join(b"X-%d: whsec_very_secret" % number for number in range(200)),
        b"whsec_very_secret",
    ],
)
async def test_requests_that_aiohttp_rejects_get_a_problem_without_their_content(ingest: Ingest, head: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(ingest.url.rpartition(":")[2]))
    writer.write(b"POST /api/v1/webhooks/stripe/loja HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
    answered, _, body = (await asyncio.wait_for(reader.read(), 45)).partition(b"\r\n\r\n")
    writer.close()
    assert answered.split()[1] == b"400"
    assert b"Content-Type: application/problem+json" in answered
    assert orjson.loads(body)["code"] == "unreadable_request"
    assert b"whsec" not in answered + body


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "nonsense", ""])
async def test_the_content_type_is_ignored(ingest: Ingest, content_type: str) -> None:
    headers = {"Stripe-Signature": stripe_signature(BODY), "Content-Type": content_type}
    assert (await ingest.post(BODY, headers=headers)).status == 202


async def test_get_and_head_store_nothing(ingest: Ingest) -> None:
    address = f"{ingest.url}/api/v1/webhooks/stripe/loja"
    async with ingest.session.get(address) as response:
        assert (response.status, (await response.json())["status"]) == (200, "ok")
    async with ingest.session.head(address) as response:
        assert response.status == 200
    assert await nothing_is_stored(ingest)


async def test_a_client_may_expect_100_continue(ingest: Ingest) -> None:
    headers = {"Stripe-Signature": stripe_signature(BODY), "Expect": "100-continue"}
    assert (await ingest.post(BODY, headers=headers)).status == 202


async def test_events_in_test_mode_are_published_only_if_accepted(ingest: Ingest) -> None:
    await ingest.configure(accept=frozenset({"live"}))

    async def is_ignored() -> bool:
        body = orjson.dumps(stripe("customer.created") | {"id": "evt_unimportant"})
        await ingest.stripe(body)
        reason = await ingest.pool.fetchval("SELECT reason FROM ingest.events")
        await ingest.pool.execute("TRUNCATE ingest.events, ingest.dedupe_registry")
        return str(reason).startswith("test mode")

    await eventually(is_ignored)
    assert (await ingest.stripe(BODY)).status == 202
    assert await ingest.pool.fetchval("SELECT status FROM ingest.events") == "ignored"
    assert (await ingest.stripe(BODY)).body["status"] == "duplicate"

    await ingest.configure()

    async def is_accepted() -> bool:
        return bool((await ingest.stripe(BODY)).body["status"] == "accepted")

    await eventually(is_accepted)
    statuses = [
        row["status"] for row in await ingest.pool.fetch("SELECT status FROM ingest.events ORDER BY created_at")
    ]
    assert statuses == ["ignored", "published"]


async def test_a_webhook_is_answered_503_if_a_secret_cannot_be_decrypted(ingest: Ingest) -> None:
    await ingest.configure(secrets=(SECRET, "whsec_the_new_one"))
    await ingest.pool.execute("UPDATE control.gateway_secrets SET secret_encrypted = 'foreign' WHERE label = '1'")

    async def is_unreadable() -> bool:
        answer = await ingest.stripe(BODY, secret="whsec_the_new_one")
        return (answer.status, answer.body.get("code")) == (503, "secret_unreadable")

    await eventually(is_unreadable)
    # 200 if it was accepted before ingest knew of the change.
    assert (await ingest.stripe(BODY)).status in (200, 202)
    missing = await ingest.post(BODY)
    assert (missing.status, missing.body["code"]) == (401, "signature_missing")


async def test_only_allowed_addresses_are_accepted(ingest: Ingest) -> None:
    await ingest.configure(allowed_networks=("203.0.113.0/24",))

    async def is_refused() -> bool:
        answer = await ingest.stripe(BODY)
        return (answer.status, answer.body.get("code")) == (401, "address_not_allowed")

    await eventually(is_refused)
    await ingest.configure(allowed_networks=("203.0.113.0/24", "127.0.0.0/8"))

    async def is_accepted() -> bool:
        return (await ingest.stripe(BODY)).status in (200, 202)

    await eventually(is_accepted)


async def test_ingest_is_ready_and_counts_its_webhooks(ingest: Ingest) -> None:
    await ingest.stripe(BODY)
    await ingest.post(BODY)

    async def is_ready() -> bool:
        async with ingest.session.get(f"{ingest.url}/readyz") as response:
            checks = {"postgres": "ok", "broker": "ok", "redis": "ok", "loops": "ok"}
            readiness = await response.json()
            # Breakers of earlier tests in this process are shown, too.
            return response.status == 200 and (readiness["status"], readiness["checks"]) == ("ready", checks)

    await eventually(is_ready)
    async with ingest.session.get(f"{ingest.url}/metrics") as response:
        text = await response.text()
    for outcome in ("accepted", "unauthenticated"):
        assert f'orylo_webhooks_total{{gateway="stripe",outcome="{outcome}"}}' in text
    assert 'orylo_webhook_seconds_count{gateway="stripe"}' in text


async def test_malformed_http_is_rejected_and_not_logged(ingest: Ingest, caplog: pytest.LogCaptureFixture) -> None:
    port = int(ingest.url.rpartition(":")[2])
    for head in (b"X-HOTMART-HOTTOK bad whsec_very_secret", b"Content-Length: -1", b"Transfer-Encoding: x"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /api/v1/webhooks/stripe/loja HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
        assert (await reader.readline()).split()[1].startswith(b"4")
        writer.close()
    assert "whsec_very_secret" not in caplog.text
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_an_unknown_path_is_answered_with_a_problem(ingest: Ingest) -> None:
    async with ingest.session.get(f"{ingest.url}/nothing/here") as response:
        assert response.status == 404
        assert response.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("version", "header", "stays_open"),
    [
        ("1.1", "", True),
        ("1.1", "Connection: close\r\n", False),
        ("1.0", "", False),
        ("1.0", "Connection: keep-alive\r\n", True),
    ],
)
async def test_each_kind_of_connection_gets_a_complete_answer(
    ingest: Ingest, version: str, header: str, stays_open: bool
) -> None:
    head = f"Host: x\r\n{header}Content-Length: {len(BODY)}\r\nStripe-Signature: {stripe_signature(BODY)}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", int(ingest.url.rpartition(":")[2]))
    for status in (b"202", b"200") if stays_open else (b"202",):
        writer.write(f"POST /api/v1/webhooks/stripe/loja HTTP/{version}\r\n{head}".encode() + BODY)
        answered = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert answered.split()[1] == status
        length = int(answered.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        assert set(orjson.loads(await reader.readexactly(length))) == {"status", "event_id"}
    if not stays_open:
        assert await asyncio.wait_for(reader.read(), 45) == b""
    writer.close()


async def test_pipelined_webhooks_are_answered_in_order(ingest: Ingest) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(ingest.url.rpartition(":")[2]))
    for number in range(10):
        body = orjson.dumps(stripe("charge.succeeded") | {"id": f"evt_{number}"})
        head = f"Host: x\r\nContent-Length: {len(body)}\r\nStripe-Signature: {stripe_signature(body)}\r\n\r\n"
        writer.write(f"POST /api/v1/webhooks/stripe/loja HTTP/1.1\r\n{head}".encode() + body)
    for _ in range(10):
        answered = await reader.readuntil(b"\r\n\r\n")
        assert answered.startswith(b"HTTP/1.1 202 Accepted\r\n")
        await reader.readexactly(int(answered.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]))
    writer.close()
