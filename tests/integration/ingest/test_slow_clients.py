"""Slow clients on real sockets: each is disconnected after a while, and none delays the others."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from orylo_common.http import connections
from tests.integration.ingest.running import Ingest, running_ingest, stripe_signature
from tests.unit.ingest.given import body_of

pytestmark = pytest.mark.integration

BODY = body_of("stripe/charge.succeeded.json")
LIMIT_S = 0.5
# For clients that must be in time even if the machine pauses for a moment.
AMPLE_S = 60.0
IDLE, IDLE_LIMIT_S = 500, 8.0
# Only a failing test waits this long.
SOON_S = 45.0


@pytest.fixture
async def ingest(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ingest]:
    monkeypatch.setattr(connections, "HEADERS_S", LIMIT_S)
    async with running_ingest(postgres_dsn, ORYLO_INGEST_BODY_TIMEOUT=LIMIT_S) as ingest:
        yield ingest


@pytest.fixture
async def patient(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ingest]:
    monkeypatch.setattr(connections, "HEADERS_S", AMPLE_S)
    async with running_ingest(postgres_dsn, ORYLO_INGEST_BODY_TIMEOUT=AMPLE_S) as ingest:
        yield ingest


async def connect(ingest: Ingest) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", int(ingest.url.rpartition(":")[2]))


def head(*, length: int = len(BODY), path: str = "/api/v1/webhooks/stripe/loja") -> bytes:
    proof = f"Stripe-Signature: {stripe_signature(BODY)}\r\nContent-Length: {length}\r\n\r\n"
    return f"POST {path} HTTP/1.1\r\nHost: x\r\n{proof}".encode()


async def dribble(writer: asyncio.StreamWriter, next_byte: Callable[[int], bytes]) -> None:
    """Send a byte at intervals for as long as the server reads."""
    for number in range(2000):
        writer.write(next_byte(number))
        await asyncio.sleep(LIMIT_S / 20)


async def answer_to_a_dribble(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, next_byte: Callable[[int], bytes]
) -> bytes:
    """Return the server's bytes until it closes the connection, which must be in time."""
    dribbling = asyncio.create_task(dribble(writer, next_byte))
    try:
        return await asyncio.wait_for(reader.read(), SOON_S)
    except ConnectionResetError:
        return b""
    finally:
        dribbling.cancel()
        writer.close()


async def test_slow_headers_are_cut_off(ingest: Ingest) -> None:
    started = time.monotonic()
    reader, writer = await connect(ingest)
    writer.write(b"POST /api/v1/webhooks/stripe/loja HTTP/1.1\r\nX-Slow: ")

    assert await answer_to_a_dribble(reader, writer, lambda _: b"a") == b""
    assert time.monotonic() - started > 0.9 * LIMIT_S


async def test_slow_headers_of_a_second_request_are_cut_off(ingest: Ingest) -> None:
    reader, writer = await connect(ingest)
    writer.write(head() + BODY)
    assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 202")

    assert await answer_to_a_dribble(reader, writer, lambda number: head()[number : number + 1]) == b""


async def test_a_silent_connection_is_closed(ingest: Ingest) -> None:
    reader, writer = await connect(ingest)
    assert await asyncio.wait_for(reader.read(), SOON_S) == b""
    writer.close()


async def test_a_connection_idle_between_requests_stays_open(ingest: Ingest) -> None:
    reader, writer = await connect(ingest)
    for status in (b"202", b"200"):
        writer.write(head() + BODY)
        assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 " + status)
        await asyncio.sleep(2 * LIMIT_S)
    writer.close()


async def test_headers_in_pieces_are_accepted_in_time(patient: Ingest) -> None:
    reader, writer = await connect(patient)
    for status in (b"202", b"200"):
        request = head() + BODY
        for start in range(0, len(request), 128):
            writer.write(request[start : start + 128])
            await asyncio.sleep(LIMIT_S / 50)
        assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 " + status)
    writer.close()


@pytest.mark.parametrize("path", ["/api/v1/webhooks/stripe/loja", "/api/v1/track/loja"])
async def test_a_slow_body_is_cut_off(ingest: Ingest, path: str) -> None:
    reader, writer = await connect(ingest)
    writer.write(head(path=path))
    answer = await asyncio.wait_for(reader_status(reader, writer), SOON_S)
    assert answer == b"408"
    writer.close()


async def reader_status(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    dribbling = asyncio.create_task(dribble(writer, lambda number: BODY[number : number + 1]))
    try:
        return (await reader.readline()).split()[1]
    finally:
        dribbling.cancel()


@pytest.mark.parametrize("headers", [b"X-Long: " + b"a" * 9000, b"\r\n".join(b"X-%d: 1" % n for n in range(200))])
async def test_headers_have_limits_of_size_and_number(ingest: Ingest, headers: bytes) -> None:
    reader, writer = await connect(ingest)
    writer.write(b"POST /api/v1/webhooks/stripe/loja HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n")
    assert (await reader.readline()).split()[1] == b"400"
    writer.close()


async def test_hundreds_of_idle_connections_do_not_stop_a_webhook(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEADERS_S", IDLE_LIMIT_S)
    idle = await asyncio.gather(*(connect(ingest) for _ in range(IDLE)))
    for _, writer in idle[::2]:
        writer.write(b"POST /api/v1/webhooks/stripe/loja HTTP/1.1\r\n")
    answer = await ingest.stripe(BODY)
    assert answer.status == 202
    # The webhook was answered while all of them were open, and all are closed afterwards.
    assert not any(reader.at_eof() for reader, _ in idle)
    assert await asyncio.wait_for(asyncio.gather(*(reader.read() for reader, _ in idle)), SOON_S) == [b""] * IDLE
    for _, writer in idle:
        writer.close()
