"""Every command that changes something adds one line to the audit log, without secrets."""

import asyncio
import getpass
import socket
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from orylo_cli.main import cli
from orylo_common.control.keyring import Keyring
from orylo_common.ids import uuid7
from tests.integration.cli.test_commands import ADD_DEAD_LETTER, ADD_QUARANTINED

pytestmark = pytest.mark.integration

Run = Callable[..., Result]

SECRET = "whsec_very_secret"
LINES = """
    SELECT a.* FROM control.audit_log a JOIN control.tenants t ON t.id = a.tenant_id WHERE t.slug = $1
    ORDER BY a.at, a.id
"""
ADD_SECOND_FACTOR = "UPDATE control.users SET totp_secret_encrypted = $2 WHERE tenant_id = $1"


@pytest.fixture
def orylo(postgres_dsn: str) -> Run:
    environment = {
        "ORYLO_DATABASE_URL": postgres_dsn,
        "ORYLO_BROKER_URL": "postgres",
        "ORYLO_MASTER_KEY": MASTER_KEY,
        "ORYLO_GATEWAY_SECRET": SECRET,
        "ORYLO_META_TOKEN": SECRET,
    }

    def run(*arguments: str, **more: Any) -> Result:
        result = CliRunner().invoke(cli, arguments, env=environment, **more)
        assert result.exit_code == 0, f"{arguments}: {result.output}{result.exception!r}"
        return result

    return run


MASTER_KEY = Keyring.generate()


def query(dsn: str, statement: str, *values: object) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    return asyncio.run(run())


def test_every_writing_command_adds_one_line(orylo: Run, postgres_dsn: str) -> None:
    slug = f"shop-{uuid4().hex[:8]}"
    orylo("tenant", "create", slug)
    (created,) = query(postgres_dsn, LINES, slug)
    tenant_id = created["tenant_id"]
    dead_letters, webhooks = [uuid7(), uuid7()], [uuid7(), uuid7()]
    for dead_letter in dead_letters:
        query(postgres_dsn, ADD_DEAD_LETTER, tenant_id, dead_letter, "trust", uuid7(), b"{}")
    for webhook in webhooks:
        query(postgres_dsn, ADD_QUARANTINED, slug, webhook, "quarantined")
    key = orylo("apikey", "create", slug, "--role", "viewer", "--json").stdout.split('"id": "')[1][:36]

    commands: tuple[tuple[str, ...], ...] = (
        ("user create", "a@b.example", "--role", "viewer", "--password-stdin"),
        ("user disable-second-factor", "a@b.example"),
        ("user disable", "a@b.example"),
        ("apikey revoke", key),
        ("gateway set", "stripe"),
        ("gateway secret add", "stripe", "--label", "new"),
        ("gateway secret remove", "stripe", "--label", "new"),
        ("destination add", "meta", "--pixel-id", "1"),
        ("destination disable", "meta"),
        ("settings set", "limits", "visits=5"),
    )
    for command, *arguments in commands:
        if command == "user disable-second-factor":
            query(postgres_dsn, ADD_SECOND_FACTOR, tenant_id, Keyring([MASTER_KEY]).encrypt("totp"))
        orylo(*command.split(), slug, *arguments, input=f"{SECRET}\n")
    orylo("dlq", "replay", str(dead_letters[0]))
    orylo("dlq", "discard", str(dead_letters[1]), "--reason", "test data")
    orylo("quarantine", "replay", str(webhooks[0]))
    orylo("quarantine", "discard", str(webhooks[1]), "--reason", "test data")

    lines = query(postgres_dsn, LINES, slug)
    assert [(line["user_agent"].removeprefix("orylo "), line["action"]) for line in lines] == [
        ("tenant create", "tenant.create"),
        ("apikey create", "api_key.create"),
        ("user create", "user.create"),
        ("user disable-second-factor", "second_factor.disable"),
        ("user disable", "user.disable"),
        ("apikey revoke", "api_key.revoke"),
        ("gateway set", "gateway.set"),
        ("gateway secret add", "gateway_secret.add"),
        ("gateway secret remove", "gateway_secret.remove"),
        ("destination add", "destination.add"),
        ("destination disable", "destination.disable"),
        ("settings set", "settings.set"),
        ("dlq replay", "dead_letter.replay"),
        ("dlq discard", "dead_letter.discard"),
        ("quarantine replay", "quarantine.replay"),
        ("quarantine discard", "quarantine.discard"),
    ]
    author = {(line["actor_kind"], line["actor_id"], line["actor"], line["address"]) for line in lines}
    assert author == {("command", None, f"cli:{getpass.getuser()}", socket.gethostname())}
    assert SECRET not in str([dict(line) for line in lines])


def test_reading_commands_add_no_line(orylo: Run, postgres_dsn: str) -> None:
    slug = f"shop-{uuid4().hex[:8]}"
    orylo("tenant", "create", slug)
    for command in ("user list", "apikey list", "gateway list", "destination list", "settings show", "rejections"):
        orylo(*command.split(), slug)
    assert len(query(postgres_dsn, LINES, slug)) == 1
