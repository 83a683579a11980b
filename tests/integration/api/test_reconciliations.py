"""Reconciliations over the API: started, followed by ingest's reports, and with an export."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from orylo_common.messages import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    PaymentSucceeded,
    ReconciledEvents,
    ReconciliationChanged,
    ReconciliationRequested,
    ReconciliationState,
    decode,
)
from orylo_common.postgres.outbox_bodies import decompress
from tests.integration.api.conftest import Api
from tests.unit.api.builders import payment, reconciliation_changed

pytestmark = pytest.mark.integration

PATH = "/api/v1/reconciliations"
CSV = {"Content-Type": "text/csv"}


def changed(api: Api, reconciliation_id: UUID, revision: int, state: str = "running") -> ReconciliationChanged:
    return reconciliation_changed(
        tenant_id=api.a.tenant.id,
        reconciliation_id=reconciliation_id,
        revision=revision,
        state=ReconciliationState(state),
        events=ReconciledEvents(listed=revision),
    )


async def requests(api: Api) -> list[ReconciliationRequested]:
    """Return the requests for ingest, whether published yet or not."""
    rows = await api.pool.fetch(
        "SELECT body FROM api.outbox WHERE type = 'reconciliation.requested.v1'"
        " UNION ALL SELECT body FROM bus.messages WHERE type = 'reconciliation.requested.v1'"
    )
    found = {each.message_id: each for each in (decode(decompress(row["body"])) for row in rows)}
    return [each for each in found.values() if isinstance(each, ReconciliationRequested)]


async def test_a_reconciliation_is_started_once_and_follows_ingests_reports(api: Api) -> None:
    machine = api.client(api.a.bearer)
    headers = {"Idempotency-Key": str(uuid7())}
    made: dict[str, Any] = {}
    for _ in range(2):
        async with machine.post(PATH, json={"dry_run": True}, headers=headers) as response:
            assert response.status == 202, await response.text()
            made = await response.json()
    assert (made["state"], made["source"], made["dry_run"]) == ("queued", "gateway", True)
    start = datetime.fromisoformat(made["range_start"])
    assert abs(datetime.now(UTC) - start - timedelta(days=30)) < timedelta(minutes=1)
    asked = [each for each in await requests(api) if str(each.reconciliation_id) == made["id"]]
    assert [each.dry_run for each in asked] == [True]

    reconciliation_id = UUID(made["id"])
    await api.project(changed(api, reconciliation_id, 3, "completed"), changed(api, reconciliation_id, 2))
    await api.project(changed(api, reconciliation_id, 1))
    async with machine.get(f"{PATH}/{made['id']}") as response:
        report = await response.json()
    assert (report["state"], report["events"]["listed"]) == ("completed", 3)
    async with machine.get(PATH, params={"state": "completed"}) as response:
        assert made["id"] in [each["id"] for each in (await response.json())["items"]]
    # Of another tenant.
    async with api.client(api.b.bearer).get(f"{PATH}/{made['id']}") as response:
        assert response.status == 404


@pytest.mark.parametrize(
    "body",
    [
        {"gateway": "hotmart"},
        {"from": "2020-01-01T00:00:00Z", "to": "2020-02-01T00:00:00Z"},
        {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
        {"from": "2999-01-01T00:00:00Z"},
    ],
)
async def test_a_range_or_gateway_that_cannot_be_compared_is_refused(api: Api, body: dict[str, str]) -> None:
    async with api.client(api.a.bearer).post(PATH, json=body) as response:
        assert response.status == 422


async def test_an_analyst_may_read_and_not_start(api: Api) -> None:
    analyst = api.client((await api.user(api.a, Role.ANALYST, "reconciling@shop.example")).bearer)
    async with analyst.get(PATH) as response:
        assert response.status == 200
    for path, options in ((PATH, {"json": {}}), (f"{PATH}/import?gateway=hotmart", {"data": b"id\n", "headers": CSV})):
        async with analyst.post(path, **options) as response:
            assert response.status == 403


async def test_an_export_is_previewed_and_compared_with_the_tenants_own_payments(api: Api) -> None:
    sold = datetime.now(UTC)
    ids = {name: f"hotmart:HP{name}" for name in ("same", "amount")}
    for shop, payment_id in ((api.a, ids["same"]), (api.a, ids["amount"]), (api.b, "hotmart:HPother")):
        await api.project(
            payment(
                PaymentSucceeded,
                tenant_id=shop.tenant.id,
                payment_id=payment_id,
                gateway="hotmart",
                amount_minor=49790,
                occurred_at=sold,
            )
        )
    # Another event of the sale, whose effect the gateway took back: the sale is paid.
    about: dict[str, Any] = {"tenant_id": api.a.tenant.id, "payment_id": ids["same"], "gateway": "hotmart"}
    await api.project(
        payment(DisputeOpened, **about, dispute_id="d1", occurred_at=sold),
        payment(DisputeLost, **about, dispute_id="d1", occurred_at=sold),
        payment(DisputeWon, **about, dispute_id="d1", occurred_at=sold + timedelta(minutes=1)),
    )
    export = (
        b"Transaction;Buyer;Price;Currency;Status\n"
        b"HPsame;Ana Lima;497,90;BRL;Approved\n"
        b"HPamount;Ana Lima;397,90;BRL;Approved\n"
        b"HPother;Ana Lima;497,90;BRL;Approved\n"
        b"HPsame;Ana Lima;free;BRL;Approved\n"
    )
    machine = api.client(api.a.bearer)
    async with machine.post(f"{PATH}/preview", params={"gateway": "hotmart"}, data=export, headers=CSV) as response:
        assert response.status == 200, await response.text()
        preview = await response.json()
    assert (preview["id_column"], preview["amount_column"], preview["state_column"]) == (
        "transaction",
        "price",
        "status",
    )
    assert [each["amount_minor"] for each in preview["first"]] == [49790, 39790, 49790]
    async with machine.post(f"{PATH}/import", params={"gateway": "hotmart"}, data=export, headers=CSV) as response:
        assert response.status == 201, await response.text()
        made = await response.json()
    assert "Ana Lima" not in str(preview) + str(made)
    found = made["export"]
    assert (found["lines"], found["same"], found["missing"], found["amounts"], found["invalid"]) == (4, 1, 1, 1, 1)
    assert [(each["line"], each["kind"]) for each in found["differences"]] == [(3, "amount"), (4, "missing")]
    assert (found["differences"][0]["exported"], found["differences"][0]["known"]) == ("397.90 BRL", "497.90 BRL")
    async with machine.get(f"{PATH}/{made['id']}") as response:
        assert await response.json() == made
    wrong = {"gateway": "hotmart", "id_column": "reference"}
    async with machine.post(f"{PATH}/import", params=wrong, data=export, headers=CSV) as response:
        assert response.status == 422
    async with machine.post(
        f"{PATH}/import", params={"gateway": "hotmart"}, data=b"a,b\n1,2\n", headers=CSV
    ) as response:
        assert response.status == 422
