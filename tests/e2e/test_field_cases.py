"""Inputs from the field, sent as their senders do, with the results that the API and Meta see."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from orylo_cli.demo.fake_meta.server import FakeMeta
from tests.support.embedded import Embedded, running_embedded
from tests.support.eventually import eventually
from tests.support.field_cases import FOLDER, FieldCase, prepare, read_case, read_http_case
from tests.support.servers import free_ports
from tests.support.shops import Shop, open_shop, set_mode

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

FILES = sorted(FOLDER.glob("*.json"))
HTTP_FILES = sorted(FOLDER.glob("*.http"))
# The results of a case must be there by then. Negative results (no conversion) are only seen after it.
RESULTS_WITHIN_S = 9
PERFECTPAY_AND_KIWIFY = ("kiwify", "perfectpay")


class RecordingMeta(FakeMeta):
    """A fake Meta that keeps the events it accepted, by id."""

    def __init__(self) -> None:
        super().__init__()
        self.events: dict[str, Mapping[str, Any]] = {}

    def _checked(self, *arguments: Any) -> Sequence[Mapping[str, Any]]:
        events = super()._checked(*arguments)
        self.events |= {event["event_id"]: event for event in events}
        return events


@dataclass
class SentCase:
    case: FieldCase
    shop: Shop
    answers: list[int] = field(default_factory=list)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def recording_meta() -> AsyncIterator[RecordingMeta]:
    meta = RecordingMeta()
    runner = web.AppRunner(meta.app(), access_log=None)
    await runner.setup()
    (port,) = free_ports(1)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    meta.base_url = f"http://127.0.0.1:{port}"
    yield meta
    await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def platform(tmp_path_factory: pytest.TempPathFactory, recording_meta: RecordingMeta) -> AsyncIterator[Embedded]:
    """A platform behind one proxy."""
    opened = running_embedded(
        tmp_path_factory.mktemp("field"), ORYLO_META_BASE_URL=recording_meta.base_url, ORYLO_INGEST_TRUSTED_PROXIES="1"
    )
    yield await asyncio.to_thread(opened.__enter__)
    await asyncio.to_thread(opened.__exit__, None, None, None)


async def open_field_shop(platform: Embedded, http: aiohttp.ClientSession, slug: str) -> Shop:
    shop = await open_shop(platform, http, slug)
    for gateway in PERFECTPAY_AND_KIWIFY:
        await asyncio.to_thread(platform.orylo, "gateway", "set", slug, gateway, "--secret-stdin", text=shop.secret)
    await asyncio.sleep(1)
    return shop


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sent(platform: Embedded, http: aiohttp.ClientSession) -> Mapping[str, SentCase]:
    """Every case, sent by its gateway, once the results of all are there."""
    direct = await open_field_shop(platform, http, "field")
    relayed = await open_shop(platform, http, "field-relayed")
    await set_mode(relayed, "hmac")
    sent = {}
    for path in FILES:
        case = read_case(path)
        sent[path.stem] = SentCase(case, relayed if case.is_relayed else direct)
    await asyncio.gather(*(send(each) for each in sent.values()))
    await asyncio.sleep(RESULTS_WITHIN_S)
    return sent


async def send(sent: SentCase) -> None:
    for step in sent.case.steps:
        await asyncio.sleep(step.get("wait", 0))
        request = prepare(step, tenant=sent.shop.slug, secret=sent.shop.secret)
        url = sent.shop.platform.ingest_url + request.path
        async with sent.shop.http.post(url, data=request.body, headers=request.headers) as response:
            sent.answers.append(response.status)


@pytest.mark.parametrize("name", [path.stem for path in FILES])
async def test_a_case_from_the_field_comes_out_right(
    sent: Mapping[str, SentCase], recording_meta: RecordingMeta, name: str
) -> None:
    each = sent[name]
    expect = each.case.expect
    assert each.answers == expect.get("answers", each.answers)
    assert all(200 <= status < 300 for status in each.answers), each.answers
    for payment_id, payment in expect.get("payments", {}).items():
        await check_payment(each.shop, payment_id, payment)
    for payment_id, conversion in expect.get("conversions", {}).items():
        await check_conversion(each.shop, payment_id, conversion, recording_meta.events.get(payment_id))
    for payment_id, count in expect.get("detections", {}).items():
        detections = await each.shop.read("/api/v1/detections", payment_id=payment_id)
        assert len(detections["items"]) == count
    if "quarantine" in expect:
        assert await quarantined(each) == expect["quarantine"]


async def check_payment(shop: Shop, payment_id: str, expected: Mapping[str, Any] | None) -> None:
    answer = await shop.get(f"/api/v1/payments/{payment_id}")
    if expected is None:
        assert answer.status == 404, answer
        return
    assert answer.status == 200, answer
    shown = dict(answer.body)
    if "trust" in expected:
        customer = await shop.read(f"/api/v1/customers/{shown['customer_id']}")
        shown["trust"] = customer["trust_score"]
    assert {key: shown[key] for key in expected} == expected


async def check_conversion(
    shop: Shop, payment_id: str, expected: Mapping[str, Any] | None, event: Mapping[str, Any] | None
) -> None:
    found = (await shop.read("/api/v1/conversions", payment_id=payment_id))["items"]
    if expected is None:
        assert found == []
        assert event is None
        return
    (conversion,) = found
    assert conversion["status"] == expected.get("status", conversion["status"])
    assert conversion["match"]["method"] == expected.get("match", conversion["match"]["method"])
    user_data = (event or {}).get("user_data", {})
    assert set(expected.get("has", ())) <= set(user_data)
    assert not set(expected.get("lacks", ())) & set(user_data)
    for path, value in expected.items():
        if "." in path:
            assert event is not None
            assert reach(event, path) == value


def reach(document: Any, path: str) -> Any:
    for key in path.split("."):
        with suppress(TypeError, KeyError):
            document = document[key]
    return document


async def quarantined(sent: SentCase) -> int:
    """Count the case's own webhooks in quarantine: the bodies contain its payment ids."""
    items = (await sent.shop.read("/api/v1/quarantine", limit="200"))["items"]
    own = [payment_id.partition(":")[2] for payment_id in sent.case.expect.get("payments", {})] + [
        payment_id.partition(":")[2] for payment_id in sent.case.expect.get("conversions", {})
    ]
    found = 0
    for item in items:
        shown = await sent.shop.read(f"/api/v1/quarantine/{item['id']}")
        found += any(native_id in str(shown) for native_id in own)
    return found


@pytest.mark.parametrize("path", HTTP_FILES, ids=lambda path: path.stem)
async def test_a_request_from_the_field_is_accepted(
    platform: Embedded, http: aiohttp.ClientSession, path: Path
) -> None:
    shop = await open_field_shop(platform, http, path.stem[:40])
    if path.stem.startswith("allow-list"):
        await asyncio.to_thread(platform.orylo, "gateway", "set", shop.slug, "stripe", "--allow", "8.8.4.0/24")
        await asyncio.sleep(1)
    raw = read_http_case(path, tenant=shop.slug, secret=shop.secret)
    assert await status_of(platform.ingest_port, raw) == 202


async def test_a_name_is_hashed_from_the_forms_own_charset(
    platform: Embedded, http: aiohttp.ClientSession, recording_meta: RecordingMeta
) -> None:
    shop = await open_field_shop(platform, http, "latin-1")
    raw = read_http_case(FOLDER / "form-in-latin-1.http", tenant=shop.slug, secret=shop.secret)
    transaction = parse_qs(raw.partition(b"\r\n\r\n")[2].decode())["transaction"][0]
    assert await status_of(platform.ingest_port, raw) == 202
    await eventually(lambda: f"hotmart:{transaction}" in recording_meta.events)
    event = recording_meta.events[f"hotmart:{transaction}"]
    assert event["user_data"]["fn"] == [sha256("josé".encode()).hexdigest()]


async def status_of(port: int, raw: bytes) -> int:
    """Send a raw request. Return the status of the final response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        async with asyncio.timeout(20):
            status = 100
            while status == 100:
                status = int((await reader.readline()).split()[1])
                while (await reader.readline()).strip():
                    pass
            return status
    finally:
        writer.close()
