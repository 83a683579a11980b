"""`orylo settings` on a platform that the environment names."""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import orjson
import pytest
from typer.testing import CliRunner, Result

import orylo_api
import orylo_detector
import orylo_dispatch
import orylo_ingest
import orylo_trust
from orylo_cli.main import cli
from orylo_common.control import TenantSettings, sections
from orylo_common.control.keyring import Keyring
from orylo_common.control.sections import SECTIONS

pytestmark = pytest.mark.integration

Run = Callable[..., Result]


@pytest.fixture
def orylo(postgres_dsn: str) -> Run:
    environment = {"ORYLO_DATABASE_URL": postgres_dsn, "ORYLO_MASTER_KEY": Keyring.generate(), "COLUMNS": "200"}

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


def shown(orylo: Run, tenant: str, section: str) -> Any:
    return orjson.loads(orylo("settings", "show", tenant, section, "--json").stdout)[section]


def test_changed_values_are_shown_and_the_others_keep_their_defaults(orylo: Run, tenant: str) -> None:
    orylo("settings", "set", tenant, "limits", "visits=500", "visits_per_address=7")
    orylo("settings", "set", tenant, "limits", "visits=400")
    limits = shown(orylo, tenant, "limits")
    assert (limits["visits"], limits["visits_per_address"], limits["webhooks"]) == (400, 7, 3000)
    table = orylo("settings", "show", tenant).output
    assert "visits_per_address" in table
    assert "clean_payments_per_month" in table
    everything = orjson.loads(orylo("settings", "show", tenant, "--json").stdout)
    assert list(everything) == list(SECTIONS)


def test_lists_nested_values_and_defaults_can_be_written(orylo: Run, tenant: str) -> None:
    done = orylo("settings", "set", tenant, "tracking", "allowed_origins=https://Shop.example/, http://localhost:3000")
    assert done.output == "tracking allowed_origins = https://shop.example,http://localhost:3000\n"
    assert shown(orylo, tenant, "tracking")["allowed_origins"] == ["https://shop.example", "http://localhost:3000"]
    orylo("settings", "set", tenant, "tracking", "allowed_origins=")
    assert shown(orylo, tenant, "tracking")["allowed_origins"] == []

    orylo("settings", "set", tenant, "dispatch", "click_id.look_back_days=7", "send_blocked=true")
    dispatch = shown(orylo, tenant, "dispatch")
    assert (dispatch["send_blocked"], dispatch["click_id"]) == (True, {"confidence": 1.0, "look_back_days": 7.0})
    orylo("settings", "set", tenant, "dispatch", "click_id=")
    assert shown(orylo, tenant, "dispatch")["click_id"]["look_back_days"] == 30

    orylo("settings", "set", tenant, "detector", "weights.velocity=0.5", "velocity.ip.1m.attempts=9", "block_at=101")
    orylo("settings", "set", tenant, "detector", 'velocity.ip.1h.amount_minor={"BRL":100}')
    detector = shown(orylo, tenant, "detector")
    assert (detector["weights"], detector["block_at"]) == ({"velocity": 0.5}, 101)
    assert detector["velocity"]["ip"]["1m"]["attempts"] == 9
    assert detector["velocity"]["ip"]["1h"] == {"attempts": 30, "amount_minor": {"BRL": 100}}
    assert detector["velocity"]["card"]["1m"]["attempts"] == 3
    orylo("settings", "set", tenant, "detector", "weights.velocity=")
    assert shown(orylo, tenant, "detector")["weights"] == {}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("sizes", "x=1"),
            "'sizes' is not a section: use one of shop, tracking, limits, detector, trust, dispatch",
        ),
        (("limits", "vists=5"), "webhooks, rejected_webhooks_per_address, visits, visits_per_address"),
        (("limits", "visits"), "write KEY=VALUE"),
        (("limits", "visits=0"), "visits: Input should be greater than or equal to 1"),
        (("limits", "visits=many"), "visits: Input should be a valid integer"),
        (("limits", "visits.x=1"), "visits has no fields"),
        (
            ("tracking", "allowed_origins=shop.example"),
            "allowed_origins.0: write an origin like https://shop.example.com",
        ),
        (("dispatch", "click_id.confidnce=1"), "click_id.confidence"),
        (("detector", "block_at=10"), "block_at is below review_at"),
        (("trust", "refund=5"), "refund: Input should be less than or equal to 0"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_invalid_change_is_reported_and_changes_nothing(
    orylo: Run, tenant: str, arguments: tuple[str, ...], says: str
) -> None:
    refused = orylo("settings", "set", tenant, *arguments, fails=True)
    assert refused.exit_code == 2
    assert says in " ".join(refused.output.replace("│", " ").split())
    assert orjson.loads(orylo("settings", "show", tenant, "--json").stdout) == {
        name: model().model_dump(mode="json") for name, model in SECTIONS.items()
    }


def test_an_unknown_tenant_or_section_is_reported(orylo: Run, tenant: str) -> None:
    assert "nobody" in str(orylo("settings", "show", "nobody", fails=True).exception)
    assert (
        "is not a section: use one of shop, tracking" in orylo("settings", "show", tenant, "colours", fails=True).output
    )


def test_the_table_has_every_section() -> None:
    for package in (sections, orylo_api, orylo_detector, orylo_dispatch, orylo_ingest, orylo_trust):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    found = {each for each in TenantSettings.__subclasses__() if each.__module__.startswith("orylo_")}
    assert found == set(SECTIONS.values())


def test_every_version_is_listed_compared_and_restored(orylo: Run, tenant: str) -> None:
    orylo("settings", "set", tenant, "detector", "review_at=60")
    orylo("settings", "set", tenant, "detector", "review_at=70", "weights.velocity=0.5")
    history = orjson.loads(orylo("settings", "history", tenant, "detector", "--json").stdout)
    assert [(row["version"], row["changes"]) for row in history] == [
        (2, ["review_at 60 → 70", "weights.velocity null → 0.5"]),
        (1, ["review_at 50 → 60"]),
    ]
    assert history[0]["changed_by"].startswith("cli:")

    assert orjson.loads(orylo("settings", "diff", tenant, "detector", "1", "--json").stdout) == [
        {"setting": "review_at", "before": 60, "after": 70},
        {"setting": "weights.velocity", "before": None, "after": 0.5},
    ]
    assert "nothing differs" in orylo("settings", "diff", tenant, "detector", "2").output

    done = orylo("settings", "restore", tenant, "detector", "1")
    assert done.output == "detector has the values of version 1 again: version 3\n"
    assert shown(orylo, tenant, "detector")["review_at"] == 60
    assert "no version 9" in str(orylo("settings", "restore", tenant, "detector", "9", fails=True).exception)
    orylo("settings", "restore", tenant, "detector", "0")
    assert shown(orylo, tenant, "detector") == SECTIONS["detector"]().model_dump(mode="json")
