"""`orylo tenant suspend`, `resume`, `delete` and `restore` on a platform that the environment names."""

from collections.abc import Callable
from uuid import uuid4

import orjson
import pytest
from typer.testing import CliRunner, Result

from orylo_cli.main import cli
from orylo_common.control.keyring import Keyring

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


def test_a_tenant_is_suspended_deleted_and_restored(orylo: Run) -> None:
    slug = f"shop-{uuid4().hex[:8]}"
    orylo("tenant", "create", slug)

    def state() -> tuple[str, bool]:
        listed = orjson.loads(orylo("tenant", "list", "--json").stdout)
        (tenant,) = [each for each in listed if each["slug"] == slug]
        return tenant["state"], tenant["delete_at"] is not None

    assert state() == ("active", False)
    assert "is active" in str(orylo("tenant", "resume", slug, fails=True).exception)
    orylo("tenant", "suspend", slug, "--reason", "unpaid")
    assert state() == ("suspended", False)
    assert "will be deleted" in orylo("tenant", "delete", slug, "--reason", "closed", "--days", "7").output
    assert state() == ("deleting", True)
    assert "is deleting" in str(orylo("tenant", "suspend", slug, "--reason", "again", fails=True).exception)
    assert "is suspended" in orylo("tenant", "restore", slug).output
    orylo("tenant", "resume", slug)
    assert state() == ("active", False)
    orylo("tenant", "delete", slug, "--reason", "closed", "--days", "0", fails=True)
