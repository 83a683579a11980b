"""Tracking over HTTP: the script, visits of every kind, and the origins that may report them."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from orylo_common.control.sections.store import write_section
from orylo_common.control.sections.tracking import TrackingSettings
from orylo_common.control.tenants import find_tenant
from orylo_common.messages import CheckoutStarted, ClickRecorded, Tracking, traceparent_of
from orylo_common.telemetry import tracing
from tests.integration.ingest.running import TENANT, Ingest, running_ingest
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.support.outbox import waiting_messages

pytestmark = pytest.mark.integration

CLICK_ID = "oc_" + "a1" * 11
SHOP, STRANGER = "https://shop.example", "https://stranger.example"


@pytest.fixture(scope="module")
async def ingest(postgres_dsn: str) -> AsyncIterator[Ingest]:
    async with running_ingest(postgres_dsn, ORYLO_INGEST_BODY_TIMEOUT="PT4S") as ingest:
        yield ingest


def visit(kind: str = "pageview", **more: Any) -> bytes:
    return orjson.dumps({"kind": kind, "click_id": CLICK_ID, **more})


async def report(
    ingest: Ingest, body: bytes, *, tenant: str = TENANT, method: str = "POST", **headers: str
) -> tuple[int, dict[str, str], Any]:
    given = {"Content-Type": "text/plain", **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with ingest.session.request(
        method, f"{ingest.url}/api/v1/track/{tenant}", data=body, headers=given
    ) as response:
        text = await response.read()
        return response.status, dict(response.headers), orjson.loads(text) if text else None


async def allow(ingest: Ingest, *origins: str) -> None:
    async with ingest.pool.acquire() as connection:
        tenant = await find_tenant(connection, TENANT)
        await write_section(connection, tenant.id, TrackingSettings(allowed_origins=origins), actor=ACTOR)

    async def known() -> bool:
        return (await report(ingest, visit(), Origin=STRANGER))[0] == (403 if origins else 202)

    await eventually(known)


async def test_the_script_is_small_and_cached_by_browsers(ingest: Ingest) -> None:
    url = f"{ingest.url}/t.js"
    async with ingest.session.get(url, headers={"Accept-Encoding": "identity"}) as response:
        plain, headers = await response.read(), response.headers
        assert response.status == 200
        assert "Content-Encoding" not in headers
        assert headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert "public" in headers["Cache-Control"]
        assert "max-age=3600" in headers["Cache-Control"]
        assert headers["Vary"] == "Accept-Encoding"
        assert headers["Access-Control-Allow-Origin"] == "*"
    async with ingest.session.get(url, headers={"Accept-Encoding": "gzip, br"}, auto_decompress=False) as response:
        zipped = await response.read()
        assert response.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(zipped) == plain
        assert len(zipped) < 4000
    for tag in (headers["ETag"], headers["ETag"].removeprefix("W/"), f'"other", {headers["ETag"]}', "*"):
        async with ingest.session.get(url, headers={"If-None-Match": tag}) as response:
            assert (response.status, await response.read()) == (304, b"")
            assert response.headers["ETag"] == headers["ETag"]
    async with ingest.session.get(url, headers={"If-None-Match": '"other"'}) as response:
        assert response.status == 200


@pytest.mark.parametrize("kind", ["pageview", "click", "checkout", "lead"])
async def test_every_kind_of_visit_is_accepted(ingest: Ingest, kind: str) -> None:
    # What earlier tests reported is published by then.
    await eventually(lambda: _is_empty(ingest))
    before = len(ingest.published.messages)
    status, _, body = await report(ingest, visit(kind, utm_source="ig"))
    assert (status, body) == (202, {"status": "accepted"})
    expected = [ClickRecorded, CheckoutStarted] if kind == "checkout" else [ClickRecorded]

    def messages_of() -> list[ClickRecorded | CheckoutStarted]:
        """Return the messages of visits, without the reports of other tests' requests."""
        since = ingest.published.messages[before:]
        return [message for message in since if isinstance(message, ClickRecorded | CheckoutStarted)]

    await eventually(lambda: len(messages_of()) == len(expected))
    messages = sorted(messages_of(), key=lambda message: message.message_id)
    assert [type(message) for message in messages] == expected
    assert isinstance(messages[0], ClickRecorded)
    assert (messages[0].kind, messages[0].ip) == (kind, "127.0.0.1")


@pytest.mark.parametrize(
    ("more", "headers"),
    [({"consent": False}, {}), ({"consent": True}, {"Sec_GPC": "1"})],
    ids=["refused on the page", "refused by the browser"],
)
async def test_a_refused_visit_is_only_counted(ingest: Ingest, more: dict[str, Any], headers: dict[str, str]) -> None:
    await eventually(lambda: _is_empty(ingest))
    before = len(ingest.published.messages)
    assert (await report(ingest, visit(fbp="fb.1.1763630000000.42", **more), **headers))[0] == 202

    def clicks() -> list[ClickRecorded]:
        return [each for each in ingest.published.messages[before:] if isinstance(each, ClickRecorded)]

    await eventually(lambda: bool(clicks()))
    (click,) = clicks()
    assert (click.consent, click.ip, click.user_agent, click.tracking) == (False, None, None, Tracking())
    assert click.click_id != CLICK_ID


async def test_every_origin_may_report_until_the_tenant_sets_a_list(ingest: Ingest) -> None:
    for method in ("POST", "OPTIONS"):
        for headers in ({"Origin": STRANGER}, {}):
            status, answered, _ = await report(ingest, visit(), method=method, **headers)
            assert (status, answered["Access-Control-Allow-Origin"]) == (202 if method == "POST" else 204, "*")

    await allow(ingest, f"{SHOP.upper()}/", "http://localhost:3000")
    try:
        for origin in (SHOP, "http://localhost:3000"):
            status, answered, _ = await report(ingest, visit(), Origin=origin)
            assert (status, answered["Access-Control-Allow-Origin"], answered["Vary"]) == (202, origin, "Origin")
            status, answered, _ = await report(ingest, b"", method="OPTIONS", Origin=origin)
            assert (status, answered["Access-Control-Allow-Origin"], answered["Vary"]) == (204, origin, "Origin")
            assert answered["Access-Control-Allow-Methods"] == "POST"
        for headers in ({"Origin": STRANGER}, {"Origin": "null"}, {"Origin": f"{SHOP}.stranger.example"}, {}):
            status, answered, body = await report(ingest, visit(), **headers)
            assert (status, body["code"]) == (403, "origin_not_allowed")
            assert "Access-Control-Allow-Origin" not in answered
            status, answered, _ = await report(ingest, b"", method="OPTIONS", **headers)
            assert status == 204
            assert "Access-Control-Allow-Origin" not in answered
            assert answered["Vary"] == "Origin"
    finally:
        await allow(ingest)


@pytest.mark.parametrize(
    "origin", ["shop.example", "https://shop.example/path", "https://", "*", "ftp://x", "https://a b"]
)
def test_an_invalid_origin_cannot_be_allowed(origin: str) -> None:
    with pytest.raises(ValueError, match="allowed_origins"):
        TrackingSettings(allowed_origins=(origin,))


async def test_a_visit_with_half_an_emoji_is_accepted(ingest: Ingest) -> None:
    assert (await report(ingest, visit(utm_source="x").replace(b'"x"', rb'"natal \ud83c"')))[0] == 202


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", {}, 400, "unreadable_body"),
        (b"{", {}, 400, "unreadable_body"),
        (b"[]", {}, 400, "unreadable_body"),
        (b"null", {}, 400, "unreadable_body"),
        (b'{"kind":"pageview","click_id":"\xed\xa0\x80"}', {}, 400, "unreadable_body"),
        (visit(utm_source={"a": 1}), {}, 400, "unreadable_body"),
        (visit(clicked_at=-1), {}, 400, "unreadable_body"),
        (visit(), {"Content-Encoding": "gzip"}, 400, "unreadable_body"),
        (gzip.compress(visit(), mtime=0)[:-30], {"Content-Encoding": "gzip"}, 400, "unreadable_body"),
        (gzip.compress(b" " * 10_000_000, mtime=0), {"Content-Encoding": "gzip"}, 413, "body_too_large"),
        (b" " * 20_000, {}, 413, "body_too_large"),
        (gzip.compress(visit(), mtime=0), {"Content-Encoding": "gzip"}, 202, None),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_an_invalid_visit_is_rejected_with_a_reason(
    ingest: Ingest, body: bytes, headers: dict[str, str], status: int, code: str | None
) -> None:
    answered, _, problem = await report(ingest, body, **headers)
    assert (answered, problem.get("code")) == (status, code)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n", b"400"),
        (b"Transfer-Encoding: chunked\r\n\r\n4e20\r\n" + b" " * 20_000 + b"\r\n0\r\n\r\n", b"413"),
        (b"Content-Length: 100\r\n\r\n{", b"408"),
        (b"User-Agent: \xff\xfe\x00x\r\nContent-Length: 55\r\n\r\n" + visit(), b"400"),
        (b"User-Agent: \xff\xfex\r\nContent-Length: %d\r\n\r\n" % len(visit()) + visit(), b"202"),
    ],
    ids=["broken chunks", "chunks too large", "a body that never ends", "NUL in a header", "bytes that are not text"],
)
async def test_malformed_requests_get_a_clear_answer(ingest: Ingest, sent: bytes, status: bytes) -> None:
    port = int(ingest.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /api/v1/track/loja HTTP/1.1\r\nHost: x\r\n" + sent)
    async with asyncio.timeout(45):
        line = await reader.readline()
    writer.close()
    assert line.split()[1] == status


async def test_the_trace_of_a_visit_continues_in_its_messages(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    await eventually(lambda: _is_empty(ingest))
    monkeypatch.setattr(tracing.Tracing, "tracer", TracerProvider().get_tracer("test"))
    ingest.published.away = True
    try:
        assert (await report(ingest, visit("checkout")))[0] == 202
        waiting = await waiting_messages(ingest.pool, "ingest")
    finally:
        ingest.published.away = False
    (parent,) = {traceparent_of(each.body) for each in waiting if each.type != "webhook.rejected.v1"}
    assert parent is not None
    assert trace.format_trace_id(0) not in parent
    await eventually(lambda: _is_empty(ingest))


async def _is_empty(ingest: Ingest) -> bool:
    return await ingest.rows("outbox") == 0
