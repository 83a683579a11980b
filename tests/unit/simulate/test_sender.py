"""The sender counts answers by their meaning, and sends to this machine only."""

from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from orylo_cli.simulate import RemoteTargetForbidden, SimulateOptions, run
from orylo_common.webhook_signing import WebhookSigner


class Ingest:
    """A server that answers webhooks with the given statuses in turn, and visits with another one."""

    def __init__(self) -> None:
        self.statuses: Iterator[int] = iter([])
        self.visit_status = 202
        self.visits = 0

    async def webhook(self, request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=next(self.statuses, 202))

    async def visit(self, _: web.Request) -> web.Response:
        self.visits += 1
        return web.Response(status=self.visit_status)


@pytest.fixture
def ingest() -> Ingest:
    return Ingest()


@pytest.fixture
async def server(ingest: Ingest) -> AsyncIterator[TestServer]:
    app = web.Application()
    app.router.add_post("/api/v1/webhooks/{gateway}/{tenant}", ingest.webhook)
    app.router.add_post("/api/v1/track/{tenant}", ingest.visit)
    running = TestServer(app, host="127.0.0.1")
    async with running:
        yield running


def options(server: TestServer) -> SimulateOptions:
    return SimulateOptions(
        tenant="demo",
        signers={"hotmart": WebhookSigner("hotmart", "hottok")},
        ingest_url=str(server.make_url("/")),
        rate=400.0,
        duration_s=0.5,
    )


async def test_answers_are_counted_by_their_meaning(server: TestServer, ingest: Ingest) -> None:
    ingest.statuses = iter([200, 200, 401, 503, 500, 429])

    summary = await run(options(server))

    assert (summary.duplicates, summary.rejected, summary.errors) == (2, 2, 2)
    assert summary.visits > 0
    assert summary.sent == 200
    assert summary.accepted == summary.sent - summary.visits - 6
    assert summary.percentile_ms(0.95) > 0


async def test_without_tracking_the_visits_are_left_out(server: TestServer, ingest: Ingest) -> None:
    ingest.visit_status = 404

    summary = await run(options(server))

    assert not summary.tracking
    assert summary.rejected == 0
    assert summary.visits == 0
    assert summary.sent == summary.accepted
    assert ingest.visits < 20


async def test_a_missing_server_is_counted_as_an_error(server: TestServer) -> None:
    chosen = options(server)
    await server.close()

    summary = await run(chosen)

    assert summary.errors == summary.sent == 200


@pytest.mark.parametrize("url", ["http://192.0.2.1:8080", "https://ingest.example.com", "http://localhost.example.com"])
async def test_other_machines_are_rejected(url: str) -> None:
    with pytest.raises(RemoteTargetForbidden, match="--allow-remote"):
        await run(SimulateOptions(tenant="demo", signers={"hotmart": WebhookSigner("hotmart", "x")}, ingest_url=url))
