"""`python -m orylo_common migrate`, which runs before the services' own migrations."""

import asyncio

import asyncpg
import pytest

from orylo_common.__main__ import main
from orylo_common.control import Keyring

pytestmark = pytest.mark.integration


async def schemas(dsn: str) -> set[str]:
    connection = await asyncpg.connect(dsn)
    try:
        return {row["nspname"] for row in await connection.fetch("SELECT nspname FROM pg_namespace")}
    finally:
        await connection.close()


async def test_the_shared_schemas_are_created_once(
    empty_postgres_dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {
        "DATABASE_URL": empty_postgres_dsn,
        "REDIS_URL": "redis://cache/0",
        "BROKER_URL": "postgres",
        "MASTER_KEY": Keyring.generate(),
    }.items():
        monkeypatch.setenv(f"ORYLO_{name}", value)

    assert await asyncio.to_thread(main, ["migrate"]) == 0
    first = capsys.readouterr().out
    assert await asyncio.to_thread(main, ["migrate"]) == 0

    assert {"control", "partitions", "bus"} <= await schemas(empty_postgres_dsn)
    assert "applied control/0001_control_plane" in first
    assert capsys.readouterr().out == ""


def test_any_other_command_prints_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run"]) == 64
    assert "usage:" in capsys.readouterr().err
