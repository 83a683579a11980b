"""Clients that keep connections and never complete a request, on a platform that may open few files."""

import hmac
import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from orylo_common.descriptors import raise_descriptor_limit
from tests.support.embedded import Embedded, started
from tests.unit.ingest.given import body_of

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.timeout(300)]

DESCRIPTORS = 1024
HELD = 1100
BODY = body_of("stripe/charge.succeeded.json")
SECRET = "whsec_half_sent"
PARTIAL = b"POST /api/v1/webhooks/stripe/loja HTTP/1.1\r\nHost: x\r\nX"
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    raise_descriptor_limit()
    with started(Embedded(tmp_path_factory.mktemp("few files"), {}, DESCRIPTORS)) as running:
        running.orylo("tenant", "create", "loja")
        running.orylo("gateway", "set", "loja", "stripe", "--secret-stdin", text=SECRET)
        yield running


def status_of(port: int, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        return connection.getresponse().status
    finally:
        connection.close()


def send_webhook(platform: Embedded) -> int:
    at = int(time.time())
    signature = f"t={at},v1={hmac.digest(SECRET.encode(), b'%d.' % at + BODY, 'sha256').hex()}"
    path = "/api/v1/webhooks/stripe/loja"
    return status_of(platform.ingest_port, "POST", path, BODY, {"Stripe-Signature": signature})


@pytest.mark.parametrize("sent", [b"", PARTIAL, WHOLE + PARTIAL], ids=["nothing", "partial", "a request and partial"])
def test_webhooks_are_answered_beside_more_connections_than_files(platform: Embedded, sent: bytes) -> None:
    ports = platform.ingest_port, platform.api_port
    with ExitStack() as stack:
        for _ in range(HELD):
            for port in ports:
                client = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
                client.sendall(sent)
        for _ in range(5):
            assert send_webhook(platform) in (200, 202)
            assert [status_of(port, "GET", "/healthz") for port in ports] == [200, 200]
    assert "connections.limit_reached" in platform.log.read_text()
    metrics = http.client.HTTPConnection("127.0.0.1", platform.ingest_port, timeout=30)
    metrics.request("GET", "/metrics")
    text = metrics.getresponse().read().decode()
    metrics.close()
    for server in ("ingest", "api"):
        (line,) = (
            line
            for line in text.splitlines()
            if line.startswith(f'orylo_http_connections_closed_total{{reason="evicted",server="{server}"}}')
        )
        assert float(line.rpartition(" ")[2]) >= HELD - DESCRIPTORS
