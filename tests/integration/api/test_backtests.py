"""A file of labelled payments becomes a report, by a job that the detector works on."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from typer.testing import CliRunner

from orylo_api.backtests.report import BacktestReport
from orylo_cli.main import cli
from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from tests.integration.api.conftest import Api, empty
from tests.support.eventually import eventually
from tests.unit.detector.backtest.cases import HEADER, shop, write_csv

pytestmark = pytest.mark.integration

CSV = {"Content-Type": "text/csv"}


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


@pytest.fixture(autouse=True)
async def _empty(api: Api) -> AsyncIterator[None]:
    yield
    await empty(api.pool, "jobs")


async def upload(client: aiohttp.ClientSession, file: bytes, **query: str) -> tuple[int, Any]:
    async with client.post("/api/v1/backtests", data=file, params=query, headers=CSV) as response:
        return response.status, await response.json()


async def get(client: aiohttp.ClientSession, path: str, **query: str) -> tuple[int, Any]:
    async with client.get(f"/api/v1/{path}", params=query) as response:
        return response.status, await response.json()


async def ended(client: aiohttp.ClientSession, job: Any) -> Any:
    async def there() -> bool:
        return (await get(client, f"jobs/{job['id']}"))[1]["finished_at"] is not None

    await eventually(there)
    return (await get(client, f"jobs/{job['id']}"))[1]


@pytest.fixture(autouse=True)
async def _no_list_entries(api: Api) -> None:
    """Backtests read the entries that other tests have added."""
    await api.pool.execute("DELETE FROM control.list_entries")


async def test_the_report_is_that_of_the_command_on_the_same_file(
    api: Api, machine: aiohttp.ClientSession, tmp_path: Path
) -> None:
    file = write_csv(tmp_path / "payments.csv", shop(1_500))
    rule = {"name": "big", "expression": "payment.amount > 300.0", "action": {"kind": "block"}}
    (tmp_path / "rules.json").write_text(json.dumps([rule]))

    options = {"settings": '{"block_at": 60}', "rules": json.dumps([rule]), "name": "May, block at 60"}
    status, started = await upload(machine, file.read_bytes(), **options)
    assert status == 200, started
    assert (started["check"]["payments"], started["job"]["total"]) == (1_500, 1_500)
    job = await ended(machine, started["job"])
    assert (job["state"], job["done"], job["error"]) == ("done", 1_500, None)
    _, found = await get(machine, job["result"].removeprefix("/api/v1/"))

    arguments = ["backtest", str(file), "--json", "--set", "block_at=60", "--rules", str(tmp_path / "rules.json")]
    arguments += ["--page", str(tmp_path / "page.html")]
    # The command has an event loop of its own.
    printed = await asyncio.to_thread(CliRunner().invoke, cli, arguments, catch_exceptions=False)
    expected = BacktestReport.model_validate_json(printed.stdout).model_dump(mode="json")
    assert found["report"] == expected
    assert [each["name"] for each in expected["variants"]] == ["current", "proposed"]
    assert found["figures"]["roc_auc"] == expected["variants"][1]["roc_auc"]
    assert (found["name"], found["payments"]) == ("May, block at 60", 1_500)
    # The merchant's payments are not kept.
    assert await api.pool.fetchval("SELECT array_agg(name) FROM api.job_files") == ["result"]


async def test_the_tenants_lists_decide_in_the_api_and_the_command(
    api: Api, machine: aiohttp.ClientSession, postgres_dsn: str, tmp_path: Path
) -> None:
    payments = shop(1_500)
    file = write_csv(tmp_path / "payments.csv", payments)
    for client, customer in ((machine, "customer7"), (api.client(api.b.bearer), "customer8")):
        entry = {"list": "block", "type": "customer", "value": customer, "reason": "a test"}
        async with client.post("/api/v1/lists/entries", json=entry) as response:
            assert response.status == 201, await response.text()

    _, started = await upload(machine, file.read_bytes(), test_from=payments[0].occurred_at.isoformat())
    job = await ended(machine, started["job"])
    _, found = await get(machine, job["result"].removeprefix("/api/v1/"))

    report = found["report"]
    assert report["list_entries"] == 1
    assert "lists" not in report["not_replayed"]
    [listed] = report["variants"][0]["lists"]
    assert listed["name"] == "block_list.customer"
    assert listed["frauds"] + listed["honest"] == sum(each.customer_id == "customer7" for each in payments)
    arguments = ["backtest", str(file), "--json", "--tenant", api.a.tenant.slug]
    arguments += ["--test-from", payments[0].occurred_at.isoformat(), "--page", str(tmp_path / "page.html")]
    environment = {"ORYLO_DATABASE_URL": postgres_dsn}
    printed = await asyncio.to_thread(CliRunner().invoke, cli, arguments, env=environment, catch_exceptions=False)
    assert report == BacktestReport.model_validate_json(printed.stdout).model_dump(mode="json")


async def test_two_backtests_are_compared(api: Api, machine: aiohttp.ClientSession, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "payments.csv", shop(400)).read_bytes()
    ids = []
    for settings in ("{}", '{"review_at": 20, "block_at": 30}'):
        _, started = await upload(machine, file, settings=settings)
        await ended(machine, started["job"])
        ids.append(started["job"]["id"])

    status, compared = await get(machine, f"backtests/{ids[1]}/compare", **{"with": ids[0]})

    assert (status, compared["same_file"], compared["same_period"]) == (200, True, True)
    assert [(each["name"], each["this"], each["other"]) for each in compared["settings"]] == [
        ("block_at", "30", None),
        ("review_at", "20", None),
    ]
    caught = next(each for each in compared["figures"] if each["name"] == "caught")
    assert caught["change"] == round(caught["this"] - caught["other"], 4) >= 0
    assert len(compared["thresholds"]) == 102
    assert [each["id"] for each in (await get(machine, "backtests"))[1]["items"]] == ids[::-1]
    assert (await get(machine, f"backtests/{ids[0]}/compare", **{"with": str(uuid7())}))[0] == 404
    theirs = api.client(api.b.bearer)
    assert (await get(theirs, f"backtests/{ids[0]}"))[0] == 404
    assert (await get(theirs, "backtests"))[1]["items"] == []


async def test_a_dry_run_shows_the_columns_and_the_lines_that_cannot_be_used(
    api: Api, machine: aiohttp.ClientSession
) -> None:
    header = HEADER.replace("amount", "value").replace("is_fraud", "is_fraude")
    file = f"{header},extra\n2026-05-10,p1,ana,ten,BRL,0,x\n2026-05-11,p2,bia,5,BRL,0,x\n".encode()

    status, unmapped = await upload(machine, file, dry_run="true")
    assert (status, unmapped["job"], unmapped["check"]["missing"]) == (200, None, ["amount", "is_fraud"])
    columns = {each["name"]: (each["used_as"], each["looks_like"]) for each in unmapped["check"]["columns"]}
    assert columns["is_fraude"] == (None, "is_fraud")
    assert columns["currency"] == ("currency", None)

    names = "amount:value,is_fraud:is_fraude"
    _, mapped = await upload(machine, file, dry_run="true", columns=names)
    assert (mapped["check"]["missing"], mapped["check"]["invalid"]) == ([], 1)
    assert [(each["line"], each["column"]) for each in mapped["check"]["problems"]] == [(2, "amount")]
    assert "ten" not in str(mapped)

    status, refused = await upload(machine, file, columns=names)
    assert (status, [each["field"] for each in refused["errors"]]) == (422, ["line 2.amount"])
    assert await api.pool.fetchval("SELECT count(*) FROM api.jobs") == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"settings": "[]"}, "query.settings"),
        ({"settings": '{"blok_at": 1}'}, "query.settings"),
        ({"settings": '{"block_at": 10}'}, "query.settings"),
        ({"rules": '[{"name": "x"}]'}, "query.rules"),
        ({"rules": '[{"name": "x", "expression": "payment.amout > 1", "action": {"kind": "block"}}]'}, "query.rules"),
        ({"columns": "amount"}, "query.columns"),
        ({"columns": "amout:amount"}, "query.columns"),
        ({"columns": "amount:nothing"}, "query.columns"),
    ],
)
async def test_options_that_do_not_fit_are_refused(
    machine: aiohttp.ClientSession, query: dict[str, str], field: str
) -> None:
    status, refused = await upload(machine, f"{HEADER}\n2026-05-10,p1,ana,1,BRL,0\n".encode(), **query)
    assert (status, [each["field"] for each in refused["errors"]]) == (422, [field]), refused


async def test_a_file_without_text_or_header_is_refused(machine: aiohttp.ClientSession) -> None:
    for file in (b"\xff\xfe", b"PAR1"):
        assert (await upload(machine, file))[0] == 422


async def test_viewers_may_read_backtests_and_not_start_them(api: Api) -> None:
    viewer = api.client((await api.user(api.a, Role.VIEWER, f"{uuid7()}@example.com")).bearer)
    assert (await upload(viewer, HEADER.encode()))[0] == 403
    assert (await get(viewer, "backtests"))[0] == 200


async def test_a_running_backtest_is_canceled(api: Api, machine: aiohttp.ClientSession, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "payments.csv", shop(30_000)).read_bytes()
    _, started = await upload(machine, file)
    path = f"/api/v1/jobs/{started['job']['id']}"

    async def running() -> bool:
        _, job = await get(machine, path.removeprefix("/api/v1/"))
        return bool(job["state"] == "running")

    await eventually(running)
    async with machine.post(f"{path}/cancel") as response:
        assert response.status == 202
    job = await ended(machine, started["job"])
    assert (job["state"], job["result"]) == ("canceled", None)
    assert await api.pool.fetchval("SELECT count(*) FROM api.job_files") == 0
    # The detector is free for the next one.
    _, next_one = await upload(machine, b"\n".join(file.splitlines()[:300]))
    assert (await ended(machine, next_one["job"]))["state"] == "done"
