"""Jobs, and bulk actions on dead letters and quarantined webhooks, by command."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from orylo_cli.main import cli
from orylo_common.control.keyring import Keyring
from orylo_common.ids import uuid7
from tests.integration.cli.test_commands import ADD_DEAD_LETTER, ADD_QUARANTINED

pytestmark = pytest.mark.integration

Run = Callable[..., Result]

ADD_JOB = """
    INSERT INTO api.jobs (tenant_id, id, kind, request, actor_kind, actor, address, user_agent, role, created_at)
    SELECT id, $2, 'dead_letters.bulk', '{}', 'user', 'ana@example.com', '', '', 'owner', now()
    FROM control.tenants WHERE slug = $1
"""


@pytest.fixture
def orylo(postgres_dsn: str) -> Run:
    environment = {
        "ORYLO_DATABASE_URL": postgres_dsn,
        "ORYLO_BROKER_URL": "postgres",
        "ORYLO_MASTER_KEY": Keyring.generate(),
        "COLUMNS": "300",
    }

    def run(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(cli, arguments, env=environment)
        shown = result.output + str(result.exception)
        assert (result.exit_code == 0) == (code == 0), f"{arguments}: {shown}"
        return result

    return run


@pytest.fixture
def slug(orylo: Run) -> str:
    name = f"shop-{uuid4().hex[:8]}"
    orylo("tenant", "create", name)
    return name


def query(dsn: str, statement: str, *values: object) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    return asyncio.run(run())


def states(dsn: str, table: str, ids: list[UUID]) -> list[str]:
    rows = query(dsn, f"SELECT state FROM api.{table} WHERE id = ANY ($1) ORDER BY state", ids)
    return [row["state"] for row in rows]


def test_all_dead_letters_of_a_cause_are_counted_and_discarded(orylo: Run, postgres_dsn: str, slug: str) -> None:
    (tenant,) = query(postgres_dsn, "SELECT id FROM control.tenants WHERE slug = $1", slug)
    ids = [uuid7() for _ in range(3)]
    for dead_letter in ids:
        query(postgres_dsn, ADD_DEAD_LETTER, tenant["id"], dead_letter, "trust", uuid7(), b"{}")
    query(postgres_dsn, "UPDATE api.dead_letters SET code = '190' WHERE id = ANY ($1)", ids[:2])
    chosen = ("--all", "--tenant", slug, "--cause", "190", "--reason", "dataset deleted")

    assert "matching dead letters: 2" in orylo("dlq", "discard", *chosen, "--dry-run").output
    orylo("dlq", "discard", *chosen, code=2)
    orylo("dlq", "discard", *chosen, "--expect", "3", code=1)
    assert states(postgres_dsn, "dead_letters", ids) == ["open"] * 3
    orylo("dlq", "discard", *chosen, "--expect", "2")
    assert states(postgres_dsn, "dead_letters", ids) == ["discarded", "discarded", "open"]

    assert "matching dead letters: 1" in orylo("dlq", "replay", "--all", "--tenant", slug, "--dry-run").output
    assert "open" in states(postgres_dsn, "dead_letters", ids)


def test_all_quarantined_webhooks_of_a_gateway_are_discarded(orylo: Run, postgres_dsn: str, slug: str) -> None:
    ids = [uuid7() for _ in range(2)]
    for webhook in ids:
        query(postgres_dsn, ADD_QUARANTINED, slug, webhook, "quarantined")
    chosen = ("--all", "--tenant", slug, "--reason", "a test")

    assert len(json.loads(orylo("quarantine", "replay", *chosen[:3], "--dry-run", "--json").stdout)) == 2
    orylo("quarantine", "discard", *chosen, "--expect", "1", code=1)
    assert states(postgres_dsn, "quarantine_view", ids) == ["open", "open"]
    orylo("quarantine", "discard", *chosen, "--expect", "2")
    assert states(postgres_dsn, "quarantine_view", ids) == ["discarded", "discarded"]


def test_jobs_are_listed_shown_and_canceled(orylo: Run, postgres_dsn: str, slug: str) -> None:
    job_id = uuid7()
    query(postgres_dsn, ADD_JOB, slug, job_id)

    (listed,) = json.loads(orylo("job", "list", "--tenant", slug, "--state", "queued", "--json").stdout)
    assert (listed["id"], listed["tenant"], listed["kind"]) == (str(job_id), slug, "dead_letters.bulk")
    assert "dead_letters.bulk: queued" in orylo("job", "show", str(job_id)).output
    assert "cancellation requested" in orylo("job", "cancel", str(job_id)).output
    lines = query(postgres_dsn, "SELECT action FROM control.audit_log WHERE subject = $1", f"job {job_id}")
    assert [line["action"] for line in lines] == ["job.cancel"]
    query(postgres_dsn, "UPDATE api.jobs SET state = 'canceled' WHERE id = $1", job_id)
    assert "already canceled" in str(orylo("job", "cancel", str(job_id), code=1).exception)
    assert "no such job" in str(orylo("job", "show", str(uuid7()), code=1).exception)
