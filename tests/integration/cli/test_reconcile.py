"""`orylo reconcile` runs in its own process, whether the platform runs or not."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import orjson
import pytest
import structlog
from typer.testing import CliRunner

from orylo_cli.commands import reconcile
from orylo_cli.demo.fake_stripe import FakeStripe
from orylo_cli.main import cli
from orylo_common.control import Keyring
from orylo_common.control.destinations import add_destination
from orylo_common.control.tenants import find_tenant
from tests.integration.ingest.running import MASTER_KEY, TENANT, Ingest, running_ingest
from tests.support.actors import ACTOR
from tests.support.fake_stripe import fake_stripe
from tests.support.stripe_history import charge, sales, transaction

__all__ = ["fake_stripe"]

pytestmark = pytest.mark.integration

KEY = "rk_live_command"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the command from configuring the logs of the tests' process."""
    configured = structlog.get_config()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    monkeypatch.setattr(reconcile, "configure_logs", lambda *_, **__: None)
    yield
    structlog.configure(**configured)


async def test_a_shop_is_reconciled_from_the_command_line(postgres_dsn: str, fake_stripe: FakeStripe) -> None:
    sold_at = datetime.now(UTC) - timedelta(days=2)
    account = fake_stripe.account(KEY)
    account.events += [{**each, "livemode": True} for each in sales(1, 3, sold_at)]
    account.transactions += [transaction("charge", charge(number, sold_at), sold_at, fee=10) for number in (1, 2, 3)]
    environment = {
        "ORYLO_DATABASE_URL": postgres_dsn,
        "ORYLO_MASTER_KEY": MASTER_KEY,
        "ORYLO_STRIPE_BASE_URL": fake_stripe.base_url,
    }

    async def orylo(*arguments: str, code: int = 0) -> str:
        result = await asyncio.to_thread(CliRunner().invoke, cli, ["reconcile", *arguments], env=environment)
        assert result.exit_code == code, f"{result.output}{result.exception!r}"
        return result.stdout

    async with running_ingest(postgres_dsn) as ingest:
        await _store_key(ingest)
        await ingest.stripe(orjson.dumps(account.events[0]))
        (found,) = orjson.loads(await orylo(TENANT, "--dry-run", "--json"))
        assert (found["state"], found["livemode"], found["dry_run"]) == ("completed", True, True)
        assert (found["events"]["known"], found["events"]["missing"], found["events"]["fetched"]) == (1, 2, 0)

        # Without a tenant: all that have a key.
        table = await orylo("--from", f"{sold_at - timedelta(days=1):%Y-%m-%d}")
        assert "completed, live mode" in table
        assert "30.06" in table
        assert await ingest.rows("events") == 3
        (again,) = orjson.loads(await orylo("--json"))
        assert (again["events"]["known"], again["events"]["missing"], again["differences"]) == (3, 0, [])

        fake_stripe.revoke(KEY)
        assert "Stripe refuses the key" in await orylo(TENANT, code=1)
        await orylo(TENANT, "--gateway", "hotmart", code=2)
        await orylo(TENANT, "--from", "2020-01-01", "--to", "2020-02-01", code=2)


async def _store_key(ingest: Ingest) -> None:
    async with ingest.pool.acquire() as connection:
        tenant = await find_tenant(connection, TENANT)
        keyring = Keyring.parse(MASTER_KEY)
        await add_destination(
            connection, keyring, tenant.id, "stripe", name="default", config={}, secret=KEY, actor=ACTOR
        )
