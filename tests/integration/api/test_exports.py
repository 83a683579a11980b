"""Exports: a job writes the file, which its subject's readers may download until it expires."""

import csv
from collections.abc import AsyncIterator
from io import StringIO
from typing import Any

import aiohttp
import orjson
import pytest

from orylo_api.exports import job
from orylo_api.projection.retention import delete_old
from orylo_common.control.models import Role
from orylo_common.messages import ConversionDispatched, ConversionFailed, PaymentSucceeded, Product
from tests.integration.api.conftest import Api, empty
from tests.support.eventually import eventually
from tests.unit.api.builders import conversion, payment, trust_updated

pytestmark = pytest.mark.integration

TABLES = ("jobs", "payments_view", "conversions_view", "customers_view", "claims")
FORMULA = (Product(product_id="p", name='=HYPERLINK("http://x","y")'),)


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


@pytest.fixture(autouse=True)
async def _empty(api: Api) -> AsyncIterator[None]:
    await empty(api.pool, *TABLES)
    yield
    await empty(api.pool, *TABLES)


async def export(client: aiohttp.ClientSession, subject: str, **body: Any) -> Any:
    """Start an export, wait for its end and return the job."""
    async with client.post(f"/api/v1/{subject}/export", json=body) as response:
        assert response.status == 202, await response.text()
        started = await response.json()
    found: Any = None

    async def ended() -> bool:
        nonlocal found
        async with client.get(f"/api/v1/jobs/{started['id']}") as response:
            found = await response.json()
        return found["finished_at"] is not None

    await eventually(ended)
    return found


async def download(client: aiohttp.ClientSession, found: Any) -> str:
    async with client.get(found["result"]) as response:
        assert response.status == 200, await response.text()
        return await response.text()


async def refusal(client: aiohttp.ClientSession, path: str) -> tuple[int, str]:
    async with client.get(path) as response:
        return response.status, (await response.json())["code"]


def sales(api: Api, count: int) -> list[PaymentSucceeded]:
    return [
        payment(PaymentSucceeded, tenant_id=api.a.tenant.id, payment_id=f"csv:{n:04}", gateway="csv", products=FORMULA)
        for n in range(count)
    ]


async def test_a_file_has_every_page_and_no_formula(
    api: Api, machine: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has several parts, of which each is one step of the job."""
    monkeypatch.setattr(job, "PAGES_PER_STEP", 1)
    await api.project(
        *sales(api, 405),
        payment(PaymentSucceeded, tenant_id=api.a.tenant.id, payment_id="stripe:1"),
        payment(PaymentSucceeded, tenant_id=api.b.tenant.id, payment_id="csv:other", gateway="csv"),
    )

    found = await export(machine, "payments", filter={"gateway": ["csv"]})
    rows = list(csv.DictReader(StringIO(await download(machine, found), newline="")))

    assert (found["kind"], found["state"], found["done"], found["total"]) == ("payments.export", "done", 405, 405)
    assert sorted(row["payment_id"] for row in rows) == [f"csv:{n:04}" for n in range(405)]
    assert {row["products"] for row in rows} == {'\'=HYPERLINK("http://x","y")'}
    assert await api.pool.fetchval("SELECT count(*) FROM api.export_parts") == 3
    async with machine.get("/api/v1/payments/export", params={"gateway": "csv"}) as response:
        assert list(csv.DictReader(StringIO(await response.text(), newline=""))) == rows


async def test_programs_get_the_items_of_the_list_as_ndjson(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(*sales(api, 2), trust_updated(tenant_id=api.a.tenant.id, customer_id="cus_1"))
    await api.project(
        conversion(ConversionFailed, tenant_id=api.a.tenant.id, payment_id="csv:0000"),
        conversion(ConversionDispatched, tenant_id=api.a.tenant.id, payment_id="csv:0001"),
    )
    for subject, where in (("payments", {}), ("customers", {}), ("conversions", {"status": "failed"})):
        found = await export(machine, subject, format="ndjson", filter=where)
        items = [orjson.loads(line) for line in (await download(machine, found)).splitlines()]

        async with machine.get(f"/api/v1/{subject}", params=where) as response:
            assert items == (await response.json())["items"] != []


async def test_customers_and_conversions_have_their_columns(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(
        payment(PaymentSucceeded, tenant_id=api.a.tenant.id, customer_id="cus_1"),
        trust_updated(tenant_id=api.a.tenant.id, customer_id="cus_1"),
        conversion(ConversionFailed, tenant_id=api.a.tenant.id, reason="+1 refused"),
    )
    [customer] = csv.DictReader(StringIO(await download(machine, await export(machine, "customers"))))
    assert (customer["customer_id"], customer["payments"], customer["paid_minor"]) == ("cus_1", "1", "BRL 1250")
    [failed] = csv.DictReader(StringIO(await download(machine, await export(machine, "conversions"))))
    assert (failed["status"], failed["reason"], failed["amount_minor"]) == ("failed", "'+1 refused", "1250")


async def test_an_empty_export_is_a_header(machine: aiohttp.ClientSession) -> None:
    text = await download(machine, await export(machine, "conversions"))
    assert text.splitlines() == [text.strip()]
    assert text.startswith("conversion_id,event_id,")


async def test_the_audit_log_is_for_admins_and_names_each_download(api: Api, machine: aiohttp.ClientSession) -> None:
    analyst = await api.user(api.a, Role.ANALYST, "analyst@exports.example")
    reader = api.client(analyst.bearer)
    async with reader.post("/api/v1/audit-log/export", json={}) as response:
        assert response.status == 403

    payments = await export(machine, "payments")
    await download(reader, payments)
    async with reader.get("/api/v1/audit-log") as response:
        assert response.status == 403
    found = await export(machine, "audit-log", format="ndjson", filter={"action": "payments.export_download"})
    lines = [orjson.loads(line) for line in (await download(machine, found)).splitlines()]

    assert (lines[0]["actor"], lines[0]["subject"]) == (analyst.owner, f"job {payments['id']}")
    assert {each["action"] for each in lines} == {"payments.export_download"}
    async with machine.get("/api/v1/audit-log", params={"action": "payments.export_download"}) as response:
        assert (await response.json())["items"] == lines
    async with machine.get("/api/v1/audit-log", params={"limit": "1"}) as response:
        first = await response.json()
    async with machine.get("/api/v1/audit-log", params={"limit": "1", "cursor": first["next_cursor"]}) as response:
        [second] = (await response.json())["items"]
    assert second["at"] <= first["items"][0]["at"]
    async with machine.get("/api/v1/audit-log", params={"to": "2020-01-01T00:00:00Z"}) as response:
        assert (await response.json())["items"] == []
    async with api.client(api.b.bearer).get("/api/v1/audit-log") as response:
        assert lines[0]["id"] not in await response.text()
    assert await refusal(reader, found["result"]) == (403, "forbidden")
    other = api.client(api.b.bearer)
    assert await refusal(other, found["result"]) == (404, "not_found")
    async with api.client().get(found["result"]) as response:
        assert response.status == 401


async def test_a_file_expires_and_is_deleted_before_its_job(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(*sales(api, 1))
    found = await export(machine, "payments")

    api.clock.ahead = job.KEEP_FILE
    assert await refusal(machine, found["result"]) == (404, "file_expired")
    api.clock.reset()
    await download(machine, found)

    await api.pool.execute("UPDATE api.jobs SET result_until = now() - interval '1 second'")
    async with api.projector.acquire() as connection:
        await delete_old(connection)
    assert await api.pool.fetchval("SELECT count(*) FROM api.export_parts") == 0
    assert await api.pool.fetchval("SELECT count(*) FROM api.jobs") == 1


async def test_a_shop_cannot_fill_the_database_with_files(
    api: Api, machine: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.project(*sales(api, 300))
    monkeypatch.setattr(job, "PAGES_PER_STEP", 1)
    first = await export(machine, "payments")
    stored = await api.pool.fetchval("SELECT sum(octet_length(body)) FROM api.export_parts")
    monkeypatch.setattr(job, "MAX_STORED_BYTES", stored + 10)

    second = await export(machine, "payments")

    assert (second["state"], second["error"], second["result"]) == ("failed", job.TOO_LARGE, None)
    await download(machine, first)
    async with api.projector.acquire() as connection:
        await delete_old(connection)
    assert await api.pool.fetchval("SELECT sum(octet_length(body)) FROM api.export_parts") == stored


async def test_a_canceled_export_leaves_no_file(
    api: Api, machine: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "PAGES_PER_STEP", 1)
    monkeypatch.setattr(job, "monotonic", iter(range(0, 10**9, 3600)).__next__)
    await api.project(*sales(api, 300))
    async with machine.post("/api/v1/payments/export", json={}) as response:
        started = await response.json()

    async def resting() -> bool:
        return bool(await api.pool.fetchval("SELECT count(*) = 1 FROM api.export_parts"))

    await eventually(resting)
    async with machine.post(f"/api/v1/jobs/{started['id']}/cancel") as response:
        assert response.status == 202

    async def canceled() -> bool:
        return bool(await api.pool.fetchval("SELECT state = 'canceled' FROM api.jobs"))

    await eventually(canceled)
    async with api.projector.acquire() as connection:
        await delete_old(connection)
    assert await api.pool.fetchval("SELECT count(*) FROM api.export_parts") == 0
    assert await refusal(machine, f"/api/v1/jobs/{started['id']}/file") == (404, "not_found")


async def test_a_filter_is_checked_when_the_export_is_started(machine: aiohttp.ClientSession) -> None:
    async with machine.post("/api/v1/payments/export", json={"filter": {"state": ["gone"]}}) as response:
        assert response.status == 422
