"""Ids that gateways choose: each id in a list leads to its row."""

from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from orylo_common.messages import PaymentSucceeded
from tests.integration.api.conftest import Api
from tests.unit.api.builders import detection, payment

ODD_IDS = [
    "kiwify:two words",
    "hotmart:a/b",
    "hotmart:a//b/../c/",
    "perfectpay:50%",
    "perfectpay:50%2F",
    "perfectpay:what?x=1&y=2",
    "perfectpay:#1",
    "stripe:é ü 漢字 🙂",
    "stripe:a+b;c=d,e",
    "stripe:line\nbreak",
    'stripe:<b>"quoted"</b>',
    "stripe:" + "x" * 500,
    "stripe:" + "🙂" * 500,
]


@pytest.mark.parametrize("odd", ODD_IDS, ids=range(len(ODD_IDS)))
async def test_a_payment_is_found_by_the_id_that_lists_show(api: Api, odd: str) -> None:
    machine: aiohttp.ClientSession = api.client(api.a.bearer)
    tenant_id, customer = api.a.tenant.id, f"cus/{odd}"[:500]
    await api.project(
        payment(PaymentSucceeded, tenant_id=tenant_id, payment_id=odd, customer_id=customer),
        detection(tenant_id=tenant_id, payment_id=odd, customer_id=customer),
    )
    async with machine.get("/api/v1/detections", params={"payment_id": odd}) as response:
        (listed,) = (await response.json())["items"]
    assert listed["payment_id"] == odd

    async with machine.get(URL(f"/api/v1/payments/{quote(listed['payment_id'], safe='')}", encoded=True)) as response:
        assert (response.status, (await response.json())["id"]) == (200, odd)
    async with machine.get(URL(f"/api/v1/customers/{quote(customer, safe='')}", encoded=True)) as response:
        assert (response.status, (await response.json())["id"]) == (200, customer)
    async with machine.get("/api/v1/detections", params={"customer_id": customer}) as response:
        assert len((await response.json())["items"]) == 1


@pytest.mark.parametrize("path", ["payments/stripe:%00", "payments/stripe:%ff", "payments/none", "customers/%ed%a0%80"])
async def test_an_id_that_cannot_exist_is_not_found(api: Api, path: str) -> None:
    async with api.client(api.a.bearer).get(URL(f"/api/v1/{path}", encoded=True)) as response:
        assert response.status == 404
        assert (await response.json(content_type=None))["code"] == "not_found"
