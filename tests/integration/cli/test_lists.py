"""`orylo list` on a platform that the environment names."""

import asyncio
import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest
from typer.testing import CliRunner, Result

from orylo_cli.main import cli
from orylo_common.control.document_key_store import ensure_document_key
from orylo_common.control.keyring import Keyring
from orylo_common.hashing import hash_of

pytestmark = pytest.mark.integration

Run = Callable[..., Result]
MASTER_KEY = Keyring.generate()
ANA = f"sha256:{hash_of('ana@example.com')}"


@pytest.fixture
def orylo(postgres_dsn: str) -> Run:
    environment = {"ORYLO_DATABASE_URL": postgres_dsn, "ORYLO_MASTER_KEY": MASTER_KEY, "COLUMNS": "200"}

    def run(*arguments: str, fails: bool = False, given: str | None = None) -> Result:
        result = CliRunner().invoke(cli, arguments, env=environment, input=given)
        assert (result.exit_code != 0) == fails, f"{arguments}: {result.output}{result.exception!r}"
        return result

    return run


@pytest.fixture
def tenant(orylo: Run) -> str:
    slug = f"shop-{uuid4().hex[:8]}"
    orylo("tenant", "create", slug)
    return slug


def shown(orylo: Run, tenant: str, *options: str, given: str | None = None) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = orjson.loads(orylo("list", "show", tenant, *options, "--json", given=given).stdout)
    return entries


def test_an_entry_is_added_shown_changed_and_removed(orylo: Run, tenant: str) -> None:
    added = orylo("list", "add", tenant, "block", "email", "-", "--reason", "chargeback", given="Ana@Example.com\n")
    assert ANA in added.output
    assert "Ana" not in added.output
    orylo("list", "add", tenant, "allow", "ip", "203.0.113.0/24", "--reason", "office", "--expires", "30d")
    [entry] = shown(orylo, tenant, "--list", "block")
    assert (entry["type"], entry["value"], entry["expires_at"]) == ("email", ANA, None)
    assert entry["added_by"].startswith("cli:")
    assert shown(orylo, tenant, "--type", "email", "--value", "-", given="ana@example.com\n") == [entry]
    [office] = shown(orylo, tenant, "--type", "ip", "--value", "203.0.113.9")

    changed = orylo("list", "change", tenant, entry["id"], "--expires", "2099-12-31")
    assert "chargeback, ends 2100-01-01T00:00:00+00:00" in changed.output
    assert "office, ends never" in orylo("list", "change", tenant, office["id"], "--endless").output
    orylo("list", "remove", tenant, entry["id"])
    assert [each["list"] for each in shown(orylo, tenant)] == ["allow"]
    assert "203.0.113.0/24" in orylo("list", "show", tenant).output


def test_documents_need_the_master_key(orylo: Run, tenant: str, postgres_dsn: str) -> None:
    async def make_key() -> str:
        connection = await asyncpg.connect(postgres_dsn)
        try:
            key = await ensure_document_key(connection, Keyring.parse(MASTER_KEY))
        finally:
            await connection.close()
        return key.hash_of(hash_of("11144477735"))

    expected = asyncio.run(make_key())
    orylo("list", "add", tenant, "block", "document", "111.444.777-35", "--reason", "fraud")
    assert [each["value"] for each in shown(orylo, tenant)] == [f"hmac:{expected}"]

    result = CliRunner().invoke(
        cli,
        ["list", "add", tenant, "block", "document", "529.982.247-25", "--reason", "fraud"],
        env={"ORYLO_DATABASE_URL": postgres_dsn},
    )
    assert "document key cannot be read" in str(result.exception)


def test_a_file_is_counted_imported_and_exported(orylo: Run, tenant: str, tmp_path: Path) -> None:
    file = tmp_path / "stolen.csv"
    file.write_text("type;value;reason\nemail;ana@example.com;\nbin;424242;=1+1\n")
    options = (tenant, str(file), "--list", "block", "--reason", "stolen")

    assert "would be imported: 2 added, 0 changed" in orylo("list", "import", *options, "--dry-run").output
    assert shown(orylo, tenant) == []
    assert "imported: 2 added, 0 changed, 0 unchanged" in orylo("list", "import", *options).output
    assert "imported: 0 added, 0 changed, 2 unchanged" in orylo("list", "import", *options).output
    copy = tmp_path / "copy.csv"
    orylo("list", "export", tenant, "--output", str(copy))
    exported = orylo("list", "export", tenant).stdout
    assert [row[:4] for row in csv.reader(exported.splitlines())][1:] == [
        ["block", "email", ANA, "stolen"],
        ["block", "bin", "424242", "'=1+1"],
    ]
    assert copy.read_bytes().decode().splitlines() == exported.splitlines()
    assert "2 unchanged" in orylo("list", "import", tenant, "-", given=exported).output
    assert orylo("list", "export", tenant, "--type", "bin").stdout.count("\n") == 2


def test_a_faulty_line_is_named_and_nothing_is_imported(orylo: Run, tenant: str, tmp_path: Path) -> None:
    text = "list,type,value,reason\nblock,bin,424242,x\nblock,email,ana,x\nblock,bin,424243,x,y\n"
    failed = orylo("list", "import", tenant, "-", given=text, fails=True)
    assert "line 3, value: not a valid email address" in failed.output
    assert "line 4: has more cells" in failed.output
    assert "nothing was imported" in failed.output
    counted = orjson.loads(orylo("list", "import", tenant, "-", "--json", given=text, fails=True).stdout)
    assert (counted["stored"], counted["invalid"], counted["added"]) == (False, 2, 1)
    assert shown(orylo, tenant) == []
    assert "value is missing" in str(orylo("list", "import", tenant, "-", given="type\nbin\n", fails=True).exception)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "TENANT", "Block", "ip", "203.0.113.7", "--reason", "x"), "lower-case letters"),
        (("add", "TENANT", "block", "phone", "11999", "--reason", "x"), "'phone' is not one of"),
        (("add", "TENANT", "block", "ip", "203.0.113.7", "--reason", " "), "1 to 500 characters"),
        (("add", "TENANT", "block", "ip", "203.0.113.7"), "Missing option '--reason'"),
        (("add", "TENANT", "block", "ip", "203.0.113.7", "--reason", "x", "--expires", "soon"), "a length of time"),
        (
            ("add", "TENANT", "block", "ip", "1.1.1.1", "--reason", "x", "--expires", "2020-01-01"),
            "must be in the future",
        ),
        (("show", "TENANT", "--value", "203.0.113.7"), "needs its --type"),
        (("add", "TENANT", "block", "ip", "0.0.0.0/0", "--reason", "x"), "too wide"),
        (("add", "nobody", "block", "ip", "203.0.113.7", "--reason", "x"), "does not exist"),
        (("change", "TENANT", str(uuid4())), "no list entry"),
        (("remove", "TENANT", str(uuid4())), "no list entry"),
    ],
)
def test_a_mistake_is_explained(orylo: Run, tenant: str, arguments: tuple[str, ...], says: str) -> None:
    result = orylo("list", *(tenant if each == "TENANT" else each for each in arguments), fails=True)

    assert says in f"{result.output}{result.exception}"
