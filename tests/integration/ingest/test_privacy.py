"""Recognisable values planted in every personal field of every fixture, looked for in everything that is kept."""

import hmac
import logging
import re
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from structlog.testing import capture_logs

from orylo_common.messages import encode
from orylo_ingest.personal_keys import Kind, kind_of
from tests.integration.ingest.running import SECRET, Ingest, running_ingest, stripe_signature
from tests.support.eventually import eventually
from tests.unit.ingest.given import FIXTURES, document_of

pytestmark = pytest.mark.integration

PLANTED = {
    Kind.EMAIL: "planted.person@planted-mail.example",
    Kind.PHONE: "+5511955512345",
    Kind.NAME: "Plantada Pessoa",
    Kind.DOCUMENT: "52998224725",
    Kind.CITY: "Plantacidade",
    Kind.STATE: "Plantaestado",
    Kind.ZIP: "98765-432",
    Kind.BIRTH: "1987-06-05",
    Kind.OTHER: "Rua Plantada, 9",
}
CARD = "4000 0566 5566 5556"
TOKEN = SECRET
TELLING = re.compile(
    r"planted|plantad|plantac|plantae|55512345|52998224725|529\.982|98765-?432|1987-?06-?05|4000.?0566|40000566|"
    + SECRET,
    re.IGNORECASE,
)
# Free texts in which people write anything. A name in them is known for one only where the buyer is named.
FREE = ("description", "comment", "sck", "src", "utm_term", "prod_name", "product_name")


def plant(node: Any, parent: str = "") -> None:
    items = list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
    for key, value in items:
        name = key if isinstance(key, str) else parent
        if isinstance(value, dict | list):
            plant(value, name)
        elif name in FREE:
            node[key] = f"to {PLANTED[Kind.EMAIL]} with {CARD}, cpf 529.982.247-25"
        elif isinstance(value, str) and (kind := kind_of(name, parent)) in PLANTED:
            node[key] = PLANTED[kind]
        elif name in ("hottok", "token", "client_secret"):
            node[key] = TOKEN


def planted(fixture: str) -> Any:
    document = document_of(fixture)
    plant(document)
    if isinstance(document, dict):
        document["comment"] = f"{PLANTED[Kind.PHONE]} {CARD}"
        document["cartao"] = int(CARD.replace(" ", ""))
    return document


async def send(ingest: Ingest, fixture: str) -> int:
    gateway = fixture.partition("/")[0]
    document = planted(fixture)
    body = urlencode(document).encode() if ".form." in fixture else orjson.dumps(document)
    sha1 = hmac.digest(SECRET.encode(), body, "sha1").hex()
    headers = {
        "Stripe-Signature": stripe_signature(body),
        "X-HOTMART-HOTTOK": SECRET,
        "X-Signature": "sha256=" + hmac.digest(SECRET.encode(), body, "sha256").hex(),
    }
    answer = await ingest.post(body, gateway=gateway, tenant=f"loja?signature={sha1}", headers=headers)
    return answer.status


async def everything_kept(ingest: Ingest) -> str:
    texts = [
        str(value)
        for table in ("events", "dedupe_registry", "facts", "outbox")
        for row in await ingest.pool.fetch(f"SELECT * FROM ingest.{table}")
        for value in row.values()
    ]
    return "\n".join(texts)


async def test_no_planted_value_is_kept_anywhere(postgres_dsn: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with running_ingest(postgres_dsn) as ingest:
        gateways = sorted({fixture.partition("/")[0] for fixture in FIXTURES})
        for gateway in gateways:
            await ingest.configure(gateway)
        with capture_logs() as lines:
            await eventually(lambda: all_are_on(ingest, gateways))
            statuses = {fixture: await send(ingest, fixture) for fixture in FIXTURES}
            assert set(statuses.values()) <= {200, 202}, {f: s for f, s in statuses.items() if s not in (200, 202)}
            await ingest.post(orjson.dumps(planted(FIXTURES[0])), headers={"Stripe-Signature": "t=1,v1=whsec"})
        await eventually(lambda: is_empty(ingest))
        async with ingest.session.get(f"{ingest.url}/metrics") as response:
            metrics = await response.text()

        kept = {
            "database": await everything_kept(ingest),
            "bus": "\n".join(encode(message).decode() for message in ingest.published.messages),
            "logs": f"{lines}\n{caplog.text}",
            "metrics": metrics,
        }
    assert len(kept["database"]) > 100_000
    assert len(kept["bus"]) > 10_000
    assert {place: TELLING.findall(text) for place, text in kept.items() if TELLING.search(text)} == {}


async def all_are_on(ingest: Ingest, gateways: list[str]) -> bool:
    return all([(await ingest.post(b"", gateway=gateway)).status != 404 for gateway in gateways])


async def is_empty(ingest: Ingest) -> bool:
    return await ingest.rows("outbox") == 0
