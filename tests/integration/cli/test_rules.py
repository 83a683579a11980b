"""`orylo rule` and `orylo fuse` on a platform that the environment names."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
from typer.testing import CliRunner, Result

from orylo_api.projection.batch import write_batch
from orylo_cli.main import cli
from orylo_common.control.fuses import trip_fuse
from orylo_common.control.keyring import Keyring
from orylo_common.control.models import BlockRate
from orylo_common.messages import PaymentSucceeded
from orylo_common.postgres.pool import open_pool
from tests.unit.api.builders import detection, payment

pytestmark = pytest.mark.integration

Run = Callable[..., Result]


@pytest.fixture
def orylo(postgres_dsn: str) -> Run:
    environment = {"ORYLO_DATABASE_URL": postgres_dsn, "ORYLO_MASTER_KEY": Keyring.generate(), "COLUMNS": "300"}

    def run(*arguments: str, fails: bool = False) -> Result:
        result = CliRunner().invoke(cli, arguments, env=environment)
        assert (result.exit_code != 0) == fails, f"{arguments}: {result.output}{result.exception!r}"
        return result

    return run


@pytest.fixture
def tenant(orylo: Run) -> str:
    slug = f"shop-{uuid4().hex[:8]}"
    orylo("tenant", "create", slug)
    return slug


def on_database(dsn: str, work: Callable[[asyncpg.pool.PoolConnectionProxy], Any]) -> Any:
    async def connected() -> Any:
        async with open_pool(dsn, role="postgres") as pool, pool.acquire() as connection, connection.transaction():
            return await work(connection)

    return asyncio.run(connected())


def tenant_id_of(orylo: Run, slug: str) -> UUID:
    tenants = orjson.loads(orylo("tenant", "list", "--json").stdout)
    return UUID(next(each["id"] for each in tenants if each["slug"] == slug))


def json_of(result: Result) -> Any:
    return orjson.loads(result.stdout)


def test_a_rule_is_created_changed_and_restored(orylo: Run, tenant: str) -> None:
    created = json_of(
        orylo("rule", "create", tenant, "Prepaid", "--when", 'card.funding == "prepaid"', "--then", "block", "--json")
    )
    assert (created["version"], created["mode"], created["action"]) == (1, "shadow", {"kind": "block"})
    changed = json_of(orylo("rule", "change", tenant, "Prepaid", "--then", "-10", "--mode", "on", "--json"))
    assert (changed["version"], changed["mode"], changed["action"]) == (2, "on", {"kind": "add_points", "points": -10})
    restored = json_of(orylo("rule", "restore", tenant, created["id"], "1", "--json"))
    assert (restored["version"], restored["mode"], restored["action"]) == (3, "on", {"kind": "block"})

    shown = json_of(orylo("rule", "show", tenant, "Prepaid", "--json"))
    assert [each["version"] for each in shown["versions"]] == [3, 2, 1]
    assert all(each["author"].startswith("cli:") for each in shown["versions"])
    assert [each["name"] for each in json_of(orylo("rule", "list", tenant, "--json"))] == ["Prepaid"]
    table = orylo("rule", "list", tenant).output
    assert "Prepaid" in table
    assert "block" in table


def test_a_rule_that_does_not_compile_is_not_saved_and_the_error_shows_the_place(orylo: Run, tenant: str) -> None:
    orylo("rule", "create", tenant, "Fine", "--when", "true", "--then", "+5")
    about = ("--when", 'card.contry == "BR"', "--then", "block")
    error = orylo("rule", "create", tenant, "Bad", *about, fails=True).exception
    assert "line 1, column 1: Unknown field `card.contry`. Did you mean `card.country`" in str(error)
    orylo("rule", "change", tenant, "Fine", "--when", "payment.amount >", fails=True)

    [rule] = json_of(orylo("rule", "list", tenant, "--json"))
    assert (rule["name"], rule["version"], rule["expression"]) == ("Fine", 1, "true")


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "A", "--when", "true", "--then", "explode"),
        ("create", "A", "--when", "true", "--then", "+0"),
        ("create", "A", "--when", "true", "--then", "block", "--mode", "live"),
        ("create", " ", "--when", "true", "--then", "block"),
        ("create", "Taken", "--when", "true", "--then", "block"),
        ("change", "Taken"),
        ("change", "Unknown", "--mode", "on"),
        ("restore", "Taken", "9"),
        ("snooze", "Taken", "cus_1", "--for", "7 days", "--reason", "a"),
        ("unsnooze", "Taken", "cus_1"),
        ("try", "payment.amount >"),
        ("try", "true", "--payment", "nothing"),
        ("try", "true", "--payment", "stripe:unknown"),
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_refused(orylo: Run, tenant: str, arguments: tuple[str, ...]) -> None:
    orylo("rule", "create", tenant, "Taken", "--when", "true", "--then", "+5")
    command, *rest = arguments
    orylo("rule", command, tenant, *rest, fails=True)
    [rule] = json_of(orylo("rule", "list", tenant, "--json"))
    assert (rule["name"], rule["version"]) == ("Taken", 1)


def test_a_rule_is_snoozed_for_one_customer(orylo: Run, tenant: str) -> None:
    orylo("rule", "create", tenant, "Prepaid", "--when", "true", "--then", "block")
    orylo("rule", "snooze", tenant, "Prepaid", "cus_1", "--for", "12h", "--reason", "a gift card")
    [snooze] = json_of(orylo("rule", "show", tenant, "Prepaid", "--json"))["snoozes"]
    assert (snooze["customer_id"], snooze["reason"]) == ("cus_1", "a gift card")
    orylo("rule", "unsnooze", tenant, "Prepaid", "cus_1")
    assert json_of(orylo("rule", "show", tenant, "Prepaid", "--json"))["snoozes"] == []


def test_hits_and_trials_are_of_one_tenant(orylo: Run, tenant: str, postgres_dsn: str) -> None:
    rule = json_of(orylo("rule", "create", tenant, "Costly", "--when", "payment.amount > 5", "--then", "+5", "--json"))
    about = {"tenant_id": tenant_id_of(orylo, tenant), "payment_id": "stripe:tried"}
    hit = {"rule_id": rule["id"], "version": 1, "name": "Costly", "mode": "shadow", "action": "add_points"}
    paid, decided = payment(PaymentSucceeded, **about), detection(**about, rules=[hit | {"otherwise": "block"}])
    elsewhere = {"tenant_id": uuid4(), "payment_id": "stripe:tried"}
    others = payment(PaymentSucceeded, **elsewhere), detection(**elsewhere)
    on_database(postgres_dsn, lambda connection: write_batch(connection, [paid, decided, *others]))

    [day] = json_of(orylo("rule", "hits", tenant, "Costly", "--json"))
    assert (day["mode"], day["payments"], day["changed"]) == ("shadow", 1, 1)
    assert "Costly" not in orylo("rule", "hits", tenant, "Costly").output
    result = json_of(orylo("rule", "try", tenant, "payment.amount > 5", "--json"))
    assert (result["tried"], result["applies"]) == (1, 1)
    shown = orylo("rule", "try", tenant, 'card.country == "BR"', "--payment", "stripe:tried").output
    assert 'card.country = "BR"' in shown


def test_the_fuse_is_shown_and_reset_with_a_reason(orylo: Run, tenant: str, postgres_dsn: str) -> None:
    assert "not tripped" in orylo("fuse", "show", tenant).output
    orylo("fuse", "reset", tenant, "--reason", "too early", fails=True)
    tenant_id = tenant_id_of(orylo, tenant)
    on_database(postgres_dsn, lambda connection: trip_fuse(connection, tenant_id, BlockRate(60, 30, None, 0.3)))

    assert json_of(orylo("fuse", "show", tenant, "--json"))["tripped"] is True
    assert "30 of 60 paid payments blocked" in orylo("fuse", "show", tenant).output
    assert json_of(orylo("fuse", "reset", tenant, "--reason", "the rule is off", "--json"))["tripped"] is False
