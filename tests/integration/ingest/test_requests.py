"""Request targets and headers as proxies and clients write them, and the headers of every answer."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest

from tests.integration.ingest.running import TENANT, Ingest, running_ingest, stripe_signature
from tests.unit.ingest.given import stripe

BODY = orjson.dumps(stripe("charge.succeeded"))


@pytest.fixture
async def ingest(postgres_dsn: str) -> AsyncIterator[Ingest]:
    async with running_ingest(postgres_dsn) as ingest:
        yield ingest


async def answer_to(ingest: Ingest, head: str, body: bytes = b"") -> tuple[int, dict[str, str]]:
    """Send a raw request. Return the status and the headers of the final response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(ingest.url.rpartition(":")[2]))
    writer.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
    try:
        async with asyncio.timeout(30):
            while True:
                status = int((await reader.readline()).split()[1])
                headers = {}
                while line := (await reader.readline()).decode().strip():
                    name, _, value = line.partition(": ")
                    headers[name.lower()] = value
                if status != 100:
                    return status, headers
    finally:
        writer.close()


def webhook(ingest: Ingest, target: str, *headers: str) -> str:
    lines = [
        f"POST {target} HTTP/1.1",
        "Host: ingest.test",
        "Content-Type: application/json",
        f"Stripe-Signature: {stripe_signature(BODY)}",
        f"Content-Length: {len(BODY)}",
        *headers,
    ]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "target",
    ["{path}", "{path}/", "{path}?x=1", "http://ingest.test{path}", "https://ingest.test:8080{path}/?x=1",
     "/api/v1/webhooks/%73tripe/shop"],
)  # fmt: skip
@pytest.mark.parametrize("headers", [(), ("Expect: 100-continue",), ("Content-Encoding: utf-8",)])
async def test_one_router_reads_every_target(ingest: Ingest, target: str, headers: tuple[str, ...]) -> None:
    path = f"/api/v1/webhooks/stripe/{TENANT}"
    written = target.replace("{path}", path).replace("/shop", f"/{TENANT}")
    status, answered = await answer_to(ingest, webhook(ingest, written, *headers), BODY)
    assert status in (200, 202)
    assert answered["server"] == "orylo"
    assert answered["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("HEAD /api/v1/webhooks/stripe/shop HTTP/1.1\nHost: x", 200),
        ("GET /api/v1/webhooks/stripe/shop/ HTTP/1.1\nHost: x", 200),
        ("GET /nowhere HTTP/1.1\nHost: x", 404),
        ("PUT /api/v1/webhooks/stripe/shop HTTP/1.1\nHost: x\nContent-Length: 0", 405),
        ("GET http://x/t.js HTTP/1.1\nHost: x", 200),
    ],
)
async def test_every_answer_has_the_security_headers(ingest: Ingest, head: str, status: int) -> None:
    answered, headers = await answer_to(ingest, head)
    assert answered == status
    assert headers["server"] == "orylo"
    assert headers["x-frame-options"] == "DENY"
    assert "aiohttp" not in str(headers).lower()


async def test_an_expectation_other_than_continue_fails(ingest: Ingest) -> None:
    head = webhook(ingest, f"/api/v1/webhooks/stripe/{TENANT}", "Expect: tea")
    assert (await answer_to(ingest, head, BODY))[0] == 417
