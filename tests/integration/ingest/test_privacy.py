"""Recognisable values are planted in every field of every fixture and of a visit; none of them may be stored."""

import hmac
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from redis.asyncio import Redis
from structlog.testing import capture_logs

from orylo_common.broker.connect import open_broker
from orylo_common.broker.ports import Broker, Outgoing
from orylo_common.messages import BY_TYPE, PaymentSucceeded, encode
from orylo_common.telemetry import tracing
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.privacy.person import identify
from tests.integration.ingest.running import SECRET, TENANT, Ingest, Published, running_ingest, stripe_signature
from tests.support.eventually import eventually
from tests.unit.ingest.given import FIXTURES, document_of

pytestmark = pytest.mark.integration

# Words in keys of personal data, and the value planted there; the first match wins. The list is independent of the one
# in ingest and therefore shows gaps in it.
PLANTED = (
    (r"e_?mail", "planted.person@planted-mail.example"),
    (r"phone_(extension|code)$", "55"),
    (r"phone_(area|local|checkout_local)_code$", "11"),
    (r"phone_(checkout_)?number$", "955512345"),
    (r"phone|mobile|celular", "+5511955512345"),
    (r"cpf|cnpj|^document$|_document$|^doc$|identification_number", "52998224725"),
    (r"birth", "1987-06-05"),
    (r"city", "Plantacidade"),
    (r"state$|^region$", "Plantaestado"),
    (r"zip|postal_code$", "98765-432"),
    (r"^address$|_address$|line[12]$|street|complement|neighborhood|district|address_(comp|number)|instagram",
     "Rua Plantada, 9"),
    (r"name$", "Plantada Pessoa"),
)  # fmt: skip
# Keys of things that also have names and addresses.
OF_A_THING = re.compile(
    r"prod(?!ucer)|offer|plan|ip_address|_check$|client_ip|email_(id|sent)|phone_number_collection", re.IGNORECASE
)
THINGS = re.compile(r"prod(?!ucer)|offer|plan|items|card|price|coupon|country", re.IGNORECASE)

CARD = "4000 0566 5566 5556"
# Values that people write into free texts. If the body names the buyer, they are found in any spelling.
FREE = (
    f"planted.person@planted-mail.example http://x.example/?m=planted.person%40planted-mail.example&c=4000%200566%20"
    f"5566%205556 {CARD} 4000\u20110566\u20115566\u20115556 4000,0566,5566,5556 cpf 529.982.247-25 +55 (11) 95551-2345 "
    f"{SECRET}"
)
KNOWN = {"last_name": "PLANTADA  PESSOA", "phone": "11 95551 2345 ou 5511955512345", "document": "529 982 247 25"}
ANY_PLANTED = re.compile(
    r"planted|plantad|plantac|plantae|55512345|95551.2345|52998224725|529.982.247|98765-?432|1987-?06-?05|4000.{0,3}0566"
    rf"|{SECRET}",
    re.IGNORECASE,
)


def personal(key: str, above: str) -> str | None:
    if OF_A_THING.search(key) or (key == "name" and THINGS.search(above)):
        return None
    if above == "tax_ids" and key == "value":
        return "52998224725"
    return next((value for words, value in PLANTED if re.search(words, key, re.IGNORECASE)), None)


def plant(node: Any, free: str = "", above: str = "") -> None:
    """Replace personal values by planted ones, and append `free` to every other text."""
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        name = key if isinstance(key, str) else above
        if isinstance(value, dict | list):
            plant(value, free, name)
        elif name in ("hottok", "token", "client_secret"):
            node[key] = SECRET
        elif isinstance(value, str) and value:
            node[key] = personal(name, above) or (f"{value} {free}" if free else value)


def planted(fixture: str, *, everywhere: bool) -> Any:
    document = document_of(fixture)
    plant(document, FREE if everywhere else "")
    if isinstance(document, dict):
        buyer = identify(GATEWAYS[fixture.partition("/")[0]].person(document)).match_keys
        known = " ".join(text for of, text in KNOWN.items() if of in buyer)
        document |= {"comment": f"{FREE} {known}", f"{known} {FREE}": "x", f"cartao {known}": CARD}
        if ".form." not in fixture:
            document["cartao"] = [int(CARD.replace(" ", "")), float(CARD.replace(" ", ""))]
            document["xpto"] = {"document": {"number": "52998224725"}, "name": {"first": "Plantada"}}
    return document


class OnPostgres(Published):
    """A bus that also stores its messages in PostgreSQL, where the test can search them."""

    def __init__(self, bus: Broker) -> None:
        super().__init__()
        self._bus = bus

    def hand_over(self, message: Outgoing, settled: Callable[[UUID, bool], None]) -> bool:
        return False

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        await self._bus.publish(messages)
        await super().publish(messages)


@asynccontextmanager
async def watched(dsn: str, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Ingest, Any]]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing.Tracing, "tracer", provider.get_tracer("test"))
    async with (
        open_broker("postgres", dsn) as bus,
        running_ingest(dsn, redis=redis, published=OnPostgres(bus)) as ingest,
    ):
        for gateway in GATEWAYS:
            await ingest.configure(gateway)
        await eventually(lambda: all_are_configured(ingest))
        yield ingest, exporter


async def send(ingest: Ingest, fixture: str, *, everywhere: bool) -> int:
    gateway, document = fixture.partition("/")[0], planted(fixture, everywhere=everywhere)
    body = urlencode(document).encode() if ".form." in fixture else orjson.dumps(document)
    sha1 = hmac.digest(SECRET.encode(), body, "sha1").hex()
    headers = {
        "Stripe-Signature": stripe_signature(body),
        "X-HOTMART-HOTTOK": SECRET,
        "X-Signature": "sha256=" + hmac.digest(SECRET.encode(), body, "sha256").hex(),
    }
    return (await ingest.post(body, gateway=gateway, tenant=f"loja?signature={sha1}", headers=headers)).status


async def visit(ingest: Ingest) -> int:
    # Some of these fields are dropped; the visit is kept.
    free = FREE.removesuffix(SECRET)
    texts = dict.fromkeys(("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"), free)
    body = texts | {
        "kind": "checkout", "click_id": "oc_" + "a1" * 11, "url": f"https://x.example/{free}", "referrer": free,
        "fbclid": CARD.replace(" ", ""), "fbc": free, "fbp": free,
        "email": "planted.person@planted-mail.example", "phone": "+5511955512345",
    }  # fmt: skip
    headers = {"User-Agent": f"Firefox {free}".encode("ascii", "ignore").decode()}
    url = f"{ingest.url}/api/v1/track/{TENANT}?email=planted.person%40planted-mail.example"
    async with ingest.session.post(url, json=body, headers=headers) as response:
        return response.status


TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema)'
"""


async def database(ingest: Ingest) -> dict[str, str]:
    """Return every column of every row of every table, with bytes decoded as text."""
    found = {}
    for (table,) in await ingest.pool.fetch(TABLES):
        rows = await ingest.pool.fetch(f"SELECT * FROM {table}")
        found[table] = "\n".join(text for row in rows for value in row.values() for text in texts_in(value))
    return found


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, bytes):
        yield value.decode(errors="replace")
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_in(each)
    else:
        yield str(value)


async def everything_in(redis: Redis) -> str:
    found = []
    async for key in redis.scan_iter():
        readers: dict[Any, Callable[[Any], Awaitable[Any]]] = {
            b"string": redis.get,
            b"hash": redis.hgetall,
            b"set": redis.smembers,
            b"list": lambda key: redis.lrange(key, 0, -1),
            b"zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
            b"stream": redis.xrange,
        }
        found.append(f"{key} {await readers[await redis.type(key)](key)}")
    return "\n".join(found)


async def test_no_planted_value_is_stored_anywhere(
    postgres_dsn: str, redis_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with Redis.from_url(redis_url) as redis, watched(postgres_dsn, redis, monkeypatch) as (ingest, exporter):
        with capture_logs() as lines:
            for everywhere in (False, True):
                statuses = {fixture: await send(ingest, fixture, everywhere=everywhere) for fixture in FIXTURES}
                assert {f: s for f, s in statuses.items() if s not in (200, 202)} == {}
            assert await visit(ingest) == 202
            await ingest.post(
                orjson.dumps(planted(FIXTURES[0], everywhere=True)), headers={"Stripe-Signature": "t=1,v1=x"}
            )
            await eventually(lambda: is_empty(ingest))
            limits = await everything_in(redis)
        tables = await database(ingest)
        async with ingest.session.get(f"{ingest.url}/metrics") as response:
            metrics = await response.text()

    spans = "\n".join(span.to_json() for span in exporter.get_finished_spans())
    messages = "\n".join(encode(message).decode() for message in ingest.published.messages)
    kept = tables | {"messages": messages, "redis": limits, "logs": f"{lines}\n{caplog.text}", "spans": spans}
    kept |= {"metrics": metrics}
    assert {place: set(ANY_PLANTED.findall(text)) for place, text in kept.items() if ANY_PLANTED.search(text)} == {}

    # The search would have found the values.
    assert sum(len(text) for table, text in tables.items() if table.startswith("ingest.events_")) > 200_000
    assert {"orylo:limits" in limits, "webhook.quarantined" in kept["logs"], '"name": "visit"' in spans} == {True}
    assert "orylo_visits_total" in metrics
    types = {message.type for message in ingest.published.messages}
    assert types >= {"payment.succeeded.v1", "dispute.opened.v1", "checkout.started.v1", "webhook.quarantined.v1"}
    assert types <= BY_TYPE.keys()
    bus = "\n".join(text for table, text in tables.items() if table.startswith("bus."))
    assert all(str(m.message_id) in bus for m in ingest.published.messages if isinstance(m, PaymentSucceeded))


def test_every_planted_value_is_in_the_requests() -> None:
    for fixture in FIXTURES:
        document = planted(fixture, everywhere=True)
        if not isinstance(document, dict):
            continue
        text = orjson.dumps(document).decode()
        assert len(ANY_PLANTED.findall(text)) > 20, fixture
    wanted = {value for _, value in PLANTED}
    sent = "".join(orjson.dumps(planted(fixture, everywhere=False)).decode() for fixture in FIXTURES)
    assert {value for value in wanted if value not in sent} == set()


async def all_are_configured(ingest: Ingest) -> bool:
    return all([(await ingest.post(b"", gateway=gateway)).status != 404 for gateway in GATEWAYS])


async def is_empty(ingest: Ingest) -> bool:
    return await ingest.rows("outbox") == 0
