"""`orylo switch` and `orylo flag` on a platform that the environment names."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import orjson
import pytest
from typer.testing import CliRunner, Result

from orylo_cli.main import cli
from orylo_common.control.keyring import Keyring

pytestmark = pytest.mark.integration

Run = Callable[..., Result]


@pytest.fixture
def orylo(postgres_dsn: str) -> Iterator[Run]:
    environment = {"ORYLO_DATABASE_URL": postgres_dsn, "ORYLO_MASTER_KEY": Keyring.generate(), "COLUMNS": "200"}

    def run(*arguments: str, fails: bool = False) -> Result:
        result = CliRunner().invoke(cli, arguments, env=environment)
        assert (result.exit_code != 0) == fails, f"{arguments}: {result.output}{result.exception!r}"
        return result

    yield run
    for switch in listed(run, "switch", "list"):
        run("switch", "off", switch["switch"])


@pytest.fixture
def tenant(orylo: Run) -> str:
    slug = f"shop-{uuid4().hex[:8]}"
    orylo("tenant", "create", slug)
    return slug


def listed(orylo: Run, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads(orylo(*arguments, "--json").stdout)
    return found


def test_switches_are_for_a_tenant_or_the_platform(orylo: Run, tenant: str) -> None:
    of_tenant = ("stop_webhooks", "--tenant", tenant, "--target", "hotmart")
    done = orylo("switch", "on", *of_tenant, "--message", "new account", "--for", "2h")
    assert "503 with Retry-After" in done.output
    assert "60 days" in done.output, "says how the gateway repeats"
    orylo("switch", "on", "maintenance", "--message", "we update the database")

    on = listed(orylo, "switch", "list", "--tenant", tenant)
    assert {(each["switch"], each["scope"], each["target"]) for each in on} == {
        ("stop_webhooks", tenant, "hotmart"),
        ("maintenance", "platform", "all"),
    }
    assert {each["until"] is None for each in on} == {True, False}
    assert [each["switch"] for each in listed(orylo, "switch", "list")] == ["maintenance"]

    orylo("switch", "off", *of_tenant)
    assert "is not on" in str(orylo("switch", "off", *of_tenant, fails=True).exception)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("stop_webhooks", "--target", "paypal"), "use one of stripe, hotmart"),
        (("stop_sending", "--target", "meta"), "is not a destination's id"),
        (("everything",), "everything"),
        (("stop_sending", "--for", "soon"), "is not a length of time"),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)
def test_a_misspelt_switch_is_reported(orylo: Run, arguments: tuple[str, ...], says: str) -> None:
    refused = orylo("switch", "on", *arguments, "--message", "because", fails=True)
    assert says in " ".join(refused.output.replace("│", " ").split())


def test_flags_are_set_for_a_tenant_and_for_a_gateway(orylo: Run, tenant: str) -> None:
    orylo("flag", "set", tenant, "conversions", "off", "--gateway", "hotmart")
    orylo("flag", "set", tenant, "tracking", "off")
    flags = {each["flag"]: each for each in listed(orylo, "flag", "list", tenant)}
    assert (flags["conversions"]["enabled"], flags["conversions"]["gateways"]) == (True, {"hotmart": "off"})
    assert flags["tracking"]["enabled"] is False
    orylo("flag", "set", tenant, "tracking", "default")
    assert {each["flag"]: each["enabled"] for each in listed(orylo, "flag", "list", tenant)}["tracking"] is True
    assert "is not a flag" in str(orylo("flag", "set", tenant, "clicks", "off", fails=True).exception)
    assert "one value for the tenant" in str(
        orylo("flag", "set", tenant, "tracking", "off", "--gateway", "stripe", fails=True).exception
    )
