"""`orylo webhook` and `orylo gateway sample` on a database that ingest writes to."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from orylo_cli.main import cli
from orylo_common.messages import PaymentEnriched, PaymentSucceeded
from tests.integration.ingest.running import MASTER_KEY, TENANT, Ingest, running_ingest
from tests.support.eventually import eventually
from tests.unit.ingest.given import stripe

pytestmark = pytest.mark.integration


@pytest.fixture
async def ingest(postgres_dsn: str) -> AsyncIterator[Ingest]:
    async with running_ingest(postgres_dsn) as ingest:
        yield ingest


async def run(dsn: str, *arguments: str, **environment: str) -> Any:
    variables = {"ORYLO_DATABASE_URL": dsn, "ORYLO_MASTER_KEY": MASTER_KEY, **environment}
    return await asyncio.to_thread(CliRunner().invoke, cli, list(arguments), env=variables)


async def test_a_webhook_is_listed_shown_and_processed_again(ingest: Ingest, postgres_dsn: str) -> None:
    answer = await ingest.stripe(orjson.dumps(stripe("charge.succeeded")))
    event_id = answer.body["event_id"]

    listed = await run(postgres_dsn, "webhook", "list", TENANT, "--json")
    assert [row["id"] for row in orjson.loads(listed.output)] == [event_id]
    none = await run(postgres_dsn, "webhook", "list", TENANT, "--state", "conflict", "--json")
    assert orjson.loads(none.output) == []

    shown = await run(postgres_dsn, "webhook", "show", TENANT, event_id)
    assert "stripe charge.succeeded, received" in shown.output
    assert "sha256:" in shown.output

    resent = await run(postgres_dsn, "webhook", "resend", TENANT, event_id)
    assert resent.output.strip() == f"{event_id} already_reported, as payment.enriched.v1"
    await eventually(lambda: any(isinstance(each, PaymentEnriched) for each in ingest.published.messages))
    assert len([each for each in ingest.published.messages if isinstance(each, PaymentSucceeded)]) == 1
    assert await ingest.pool.fetchval("SELECT count(*) FROM control.audit_log WHERE action = 'webhook.resend'") == 1

    unknown = await run(postgres_dsn, "webhook", "show", TENANT, "6e1f0c0e-4a43-5b52-9c3e-0f5b8c1d2e3f")
    assert unknown.exit_code == 1


async def test_a_sample_is_sent_to_ingest(ingest: Ingest, postgres_dsn: str) -> None:
    sent = await run(postgres_dsn, "gateway", "sample", TENANT, "stripe", "--json", ORYLO_INGEST_URL=ingest.url)
    assert sent.exit_code == 0, sent.output
    assert orjson.loads(sent.output)["status"] == 202
    await eventually(lambda: bool(ingest.published.messages))
    (message,) = ingest.published.messages
    assert isinstance(message, PaymentSucceeded)
    assert message.test
    missing = await run(postgres_dsn, "gateway", "sample", TENANT, "kiwify", ORYLO_INGEST_URL=ingest.url)
    assert missing.exit_code == 1
