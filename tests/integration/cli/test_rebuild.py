"""`orylo rebuild` sums again what the rollups lost."""

import asyncio
import os
import signal
import subprocess
import sys
from typing import Any

import asyncpg
import orjson
import pytest
from typer.testing import CliRunner, Result

from orylo_api.projection.batch import write_batch
from orylo_cli.main import cli
from orylo_common.messages import PaymentSucceeded
from orylo_common.postgres.pool import open_pool
from tests.support.servers import wait_until
from tests.unit.api.builders import OTHER_TENANT, TENANT, after, payment

pytestmark = pytest.mark.integration

# `orylo`, also where a shell in the background has SIGINT ignored.
INTERRUPTIBLE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from orylo_cli.main import app
app()
"""


def rebuild(dsn: str, *arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["rebuild", "rollups", *arguments], env={"ORYLO_DATABASE_URL": dsn})
    assert result.exit_code == 0, result.output
    return result


async def run(dsn: str, *statements: str, messages: tuple[Any, ...] = ()) -> list[asyncpg.Record]:
    """Project messages, then execute statements. Return the rows of the last one."""
    rows: list[asyncpg.Record] = []
    async with open_pool(dsn, role="postgres", max_size=1) as pool, pool.acquire() as connection:
        if messages:
            async with connection.transaction():
                await write_batch(connection, messages)
        for statement in statements:
            rows = await connection.fetch(statement)
    return rows


def test_rollups_are_summed_again_for_all_tenants_or_for_one(empty_postgres_dsn: str) -> None:
    env = {"ORYLO_DATABASE_URL": empty_postgres_dsn}
    assert CliRunner().invoke(cli, ["migrate"], env=env).exit_code == 0
    assert "nothing to sum" in rebuild(empty_postgres_dsn).output
    paid = tuple(
        payment(PaymentSucceeded, tenant_id=tenant, occurred_at=after(minutes), payment_id=f"stripe:{minutes}")
        for tenant in (TENANT, OTHER_TENANT)
        for minutes in (0, 5000)
    )
    sums = "SELECT tenant_id, grain, bucket, succeeded, succeeded_minor FROM api.payment_rollups ORDER BY 1, 2, 3"
    expected = asyncio.run(run(empty_postgres_dsn, sums, messages=paid))
    assert len(expected) == 12

    found = asyncio.run(run(empty_postgres_dsn, "UPDATE api.payment_rollups SET succeeded = 9", sums))
    assert found != expected
    assert orjson.loads(rebuild(empty_postgres_dsn, "--json").stdout)["days"] > 2
    assert asyncio.run(run(empty_postgres_dsn, sums)) == expected

    add = f"INSERT INTO control.tenants (id, slug, name) VALUES ('{TENANT}', 'minha-loja', 'Minha loja')"
    asyncio.run(run(empty_postgres_dsn, add, "DELETE FROM api.payment_rollups"))
    rebuild(empty_postgres_dsn, "minha-loja")
    assert asyncio.run(run(empty_postgres_dsn, sums)) == [row for row in expected if row["tenant_id"] == TENANT]


def test_an_interrupted_rebuild_of_payments_cancels_its_job_and_says_what_is_kept(empty_postgres_dsn: str) -> None:
    env = {"ORYLO_DATABASE_URL": empty_postgres_dsn}
    for arguments in (["migrate"], ["tenant", "create", "minha-loja"]):
        assert CliRunner().invoke(cli, arguments, env=env).exit_code == 0
    jobs = "SELECT state, cancel_requested_at IS NOT NULL AS canceled, actor_kind, role FROM api.jobs"

    command = [sys.executable, "-c", INTERRUPTIBLE, "rebuild", "payments", "minha-loja"]
    # No platform runs: the job waits.
    process = subprocess.Popen(command, env={**os.environ, **env}, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: asyncio.run(run(empty_postgres_dsn, jobs)) != [], "the job")
        again = CliRunner().invoke(cli, ["rebuild", "payments", "minha-loja"], env=env)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert "already waiting or running" in str(again.exception)
    assert (process.returncode, "What it restored is kept" in " ".join(said.split())) == (130, True), said
    [job] = asyncio.run(run(empty_postgres_dsn, jobs))
    assert tuple(job) == ("queued", True, "command", "operator")
