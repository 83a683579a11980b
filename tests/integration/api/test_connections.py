"""The API's connections: half-sent requests, and compressed answers."""

import asyncio

import aiohttp
import pytest

from orylo_common.http import connections
from tests.integration.api.conftest import Api
from tests.unit.api.builders import detection

PARTIAL = b"GET /api/v1/detections HTTP/1.1\r\nHost: x\r\nX"
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


@pytest.mark.parametrize("sent", [b"", PARTIAL, WHOLE + PARTIAL], ids=["nothing", "partial", "a request and partial"])
async def test_a_connection_whose_headers_are_late_is_closed(
    api: Api, machine: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(connections, "HEADERS_S", 0.5)
    async with machine.get("/healthz") as response:
        port = response.url.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(30):
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 200") is (WHOLE in sent)
    writer.close()


async def test_long_answers_are_compressed_if_the_client_accepts_it(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(*(detection(tenant_id=api.a.tenant.id) for _ in range(10)))
    async with machine.get("/api/v1/detections", headers={"Accept-Encoding": "gzip"}) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in response.headers["Vary"]
        compressed = await response.json()
    async with machine.get("/api/v1/detections", headers={"Accept-Encoding": "identity"}) as response:
        assert "Content-Encoding" not in response.headers
        assert await response.json() == compressed
    async with machine.get("/healthz", headers={"Accept-Encoding": "gzip"}) as response:
        assert "Content-Encoding" not in response.headers
