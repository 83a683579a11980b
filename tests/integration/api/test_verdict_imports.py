"""A merchant's list of chargebacks becomes verdicts."""

from typing import Any

import aiohttp
import pytest

from orylo_common.messages import PaymentSucceeded, PaymentVerdict
from tests.integration.api.conftest import Api
from tests.integration.api.test_verdicts import published
from tests.unit.api.builders import payment, verdict

pytestmark = pytest.mark.integration

PATH = "/api/v1/verdicts/import"


async def upload(client: aiohttp.ClientSession, text: str, query: str = "") -> tuple[int, Any]:
    headers = {"Content-Type": "text/csv"}
    async with client.post(f"{PATH}?verdict=fraud&gateway=stripe{query}", data=text, headers=headers) as response:
        return response.status, await response.json()


async def paid(api: Api, *names: str) -> None:
    await api.project(
        *(payment(PaymentSucceeded, tenant_id=api.a.tenant.id, payment_id=f"stripe:{name}") for name in names)
    )


async def audited(api: Api) -> list[int]:
    """Return how many verdicts each file of the audit log gave."""
    lines = await api.pool.fetch(
        "SELECT after FROM control.audit_log WHERE action = 'payment.import_verdicts' AND tenant_id = $1 ORDER BY id",
        api.a.tenant.id,
    )
    return [line["after"]["given"] for line in lines]


async def test_a_file_judges_the_payments_that_exist_and_reports_the_other_lines(api: Api) -> None:
    await paid(api, "pi_file_1", "pi_file_2")
    client = api.client(api.a.bearer)
    text = "payment_id,verdict\npi_file_1,\npi_file_2,legitimate\npi_unknown,\npi_file_1,guilty\npi_file_1,fraud\n"

    status, dry = await upload(client, text, "&dry_run=true")
    assert (status, dry["given"], dry["dry_run"]) == (200, 2, True)
    assert await published(api, "stripe:pi_file_1") == []

    before = await audited(api)
    status, result = await upload(client, text)
    counts = {"lines": 5, "given": 2, "unchanged": 1, "unknown": 1, "invalid": 1}
    assert (status, {name: result[name] for name in counts}) == (200, counts)
    assert [(each["line"], each["column"]) for each in result["problems"]] == [(4, "payment_id"), (5, "verdict")]
    assert [each.verdict for each in await published(api, "stripe:pi_file_1")] == [PaymentVerdict.FRAUD]
    assert [each.verdict for each in await published(api, "stripe:pi_file_2")] == [PaymentVerdict.LEGITIMATE]
    assert (await audited(api))[len(before) :] == [2]


async def test_a_repeated_file_changes_nothing(api: Api) -> None:
    await paid(api, "pi_repeated")
    client, text = api.client(api.a.bearer), "payment_id,reason\npi_repeated,chargeback\n"

    assert (await upload(client, text))[1]["given"] == 1
    await api.project(*await published(api, "stripe:pi_repeated"))

    repeated = (await upload(client, text))[1]
    assert (repeated["given"], repeated["unchanged"]) == (0, 1)
    assert len(await published(api, "stripe:pi_repeated")) == 1


async def test_of_two_lines_on_one_payment_the_later_one_counts(api: Api) -> None:
    await paid(api, "pi_twice")
    client = api.client(api.a.bearer)
    await upload(client, "payment_id,verdict\npi_twice,fraud\npi_twice,legitimate\n")
    messages = await published(api, "stripe:pi_twice")
    await api.project(*messages)
    async with client.get("/api/v1/payments/stripe:pi_twice") as response:
        assert (await response.json())["verdict"]["verdict"] == "legitimate"


async def test_another_tenants_payments_are_unknown(api: Api) -> None:
    await paid(api, "pi_ours")
    await api.project(verdict(PaymentVerdict.FRAUD, tenant_id=api.a.tenant.id, payment_id="stripe:pi_ours"))
    _, result = await upload(api.client(api.b.bearer), "payment_id\npi_ours\n")
    assert (result["given"], result["unchanged"], result["unknown"]) == (0, 0, 1)


@pytest.mark.parametrize(("text", "status"), [("no ids\n1\n", 422), ("", 422)])
async def test_a_file_without_ids_is_refused(api: Api, text: str, status: int) -> None:
    assert (await upload(api.client(api.a.bearer), text))[0] == status
