"""Actions on a payment, as the API shows them, and the dead letters of those that failed."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from orylo_common.ids import uuid7
from orylo_common.messages import PaymentSucceeded, ProviderActionRedriveRequested, ProviderActionStatus, decode
from tests.integration.api.conftest import Api
from tests.integration.api.test_dead_letters import listed, receive, settle
from tests.unit.api.builders import action_changed, payment

pytestmark = pytest.mark.integration

PAYMENT = "stripe:pi_acted"


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


@pytest.fixture(autouse=True)
async def _empty(api: Api) -> AsyncIterator[None]:
    yield
    await api.pool.execute("DELETE FROM api.dead_letters")
    await api.pool.execute("DELETE FROM api.actions_view")


async def actions(client: aiohttp.ClientSession) -> list[dict[str, Any]]:
    async with client.get(f"/api/v1/payments/{PAYMENT}") as response:
        assert response.status == 200
        shown: list[dict[str, Any]] = (await response.json())["actions"]
        return shown


async def test_a_payment_shows_what_was_done_about_it(api: Api, machine: aiohttp.ClientSession) -> None:
    about: dict[str, Any] = {"tenant_id": api.a.tenant.id, "payment_id": PAYMENT, "action_id": uuid7()}
    pending = action_changed(**about, revision=0, status=ProviderActionStatus.PENDING, code=None, reason=None)
    done = action_changed(
        **about, revision=1, status=ProviderActionStatus.DONE, code=None, reason=None, reference="re_1", attempts=2
    )
    contradicted = action_changed(
        **about, revision=2, status=ProviderActionStatus.DONE, code=None, reason=None, contradiction="block_lifted"
    )
    await api.project(payment(PaymentSucceeded, tenant_id=api.a.tenant.id, payment_id=PAYMENT))
    assert await actions(machine) == []

    await api.project(done)
    await api.project(pending)
    (shown,) = await actions(machine)
    assert (shown["action"], shown["status"], shown["reference"], shown["attempts"]) == ("refund", "done", "re_1", 2)
    assert shown["contradiction"] is None

    await api.project(contradicted)
    (shown,) = await actions(machine)
    assert (shown["status"], shown["reference"], shown["contradiction"]) == ("done", "re_1", "block_lifted")


async def test_another_tenant_sees_none_of_it(api: Api) -> None:
    await api.project(payment(PaymentSucceeded, tenant_id=api.b.tenant.id, payment_id=PAYMENT))
    await api.project(action_changed(tenant_id=api.a.tenant.id, payment_id=PAYMENT))

    assert await actions(api.client(api.b.bearer)) == []


async def test_a_failed_action_is_a_dead_letter_until_it_is_done(api: Api, machine: aiohttp.ClientSession) -> None:
    about: dict[str, Any] = {"tenant_id": api.a.tenant.id, "payment_id": PAYMENT, "action_id": uuid7()}
    failed = action_changed(**about)
    await api.project(failed)
    (found,) = await listed(machine, state="open")
    assert (found["kind"], found["subject"], found["code"]) == ("action", PAYMENT, "balance_insufficient")

    assert (await settle(machine, found["id"], "replay"))[0] == 200
    asked = decode((await receive(api.broker, "dispatch")).body)
    assert isinstance(asked, ProviderActionRedriveRequested)
    assert (asked.action_id, asked.tenant_id) == (failed.action_id, api.a.tenant.id)

    await api.project(action_changed(**about, revision=3, status=ProviderActionStatus.DONE))
    assert [each["state"] for each in await listed(machine)] == ["resolved"]


async def test_withdrawing_an_action_resolves_its_dead_letter(api: Api, machine: aiohttp.ClientSession) -> None:
    about: dict[str, Any] = {"tenant_id": api.a.tenant.id, "payment_id": PAYMENT, "action_id": uuid7()}
    await api.project(action_changed(**about))
    await api.project(action_changed(**about, revision=2, status=ProviderActionStatus.WITHDRAWN, code="block_lifted"))

    assert [each["state"] for each in await listed(machine)] == ["resolved"]
