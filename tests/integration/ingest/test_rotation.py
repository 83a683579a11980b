"""Secrets can be changed under load: no webhook is lost, and the old secret no longer authenticates."""

import asyncio
from datetime import datetime

import orjson
import pytest

from orylo_common.control import Keyring
from orylo_common.control.gateway_secrets import put_gateway_secret, remove_gateway_secret
from orylo_common.control.tenants import find_tenant
from tests.integration.ingest.running import MASTER_KEY, SECRET, TENANT, Ingest, open_another, running_ingest
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.unit.ingest.given import stripe

pytestmark = pytest.mark.integration

NEW = "whsec_new"


class Gateway:
    """A gateway that sends one payment after the other, signed with its current `secret`."""

    def __init__(self, ingest: Ingest) -> None:
        self.secret = SECRET
        self.answers: list[int] = []
        self._ingest = ingest

    async def send_for_ever(self) -> None:
        while True:
            number = len(self.answers)
            event = stripe("charge.succeeded", payment_intent=f"pi_{number}") | {"id": f"evt_{number}"}
            answer = await self._ingest.stripe(orjson.dumps(event), secret=self.secret)
            self.answers.append(answer.status)

    async def send_some_more(self) -> None:
        sent = len(self.answers)
        await eventually(lambda: len(self.answers) > sent + 20)


async def last_uses(ingest: Ingest) -> dict[str, datetime | None]:
    rows = await ingest.pool.fetch("SELECT label, last_used_at FROM control.gateway_secrets")
    return {row["label"]: row["last_used_at"] for row in rows}


async def test_changing_a_secret_loses_no_event(postgres_dsn: str) -> None:
    keyring = Keyring.parse(MASTER_KEY)
    async with running_ingest(postgres_dsn) as ingest:
        gateway = Gateway(ingest)
        sending = asyncio.create_task(gateway.send_for_ever())
        await gateway.send_some_more()

        async with ingest.pool.acquire() as connection:
            tenant = await find_tenant(connection, TENANT)
            await put_gateway_secret(connection, keyring, tenant.id, "stripe", label="new", secret=NEW, actor=ACTOR)

            async def new_secret_is_accepted() -> bool:
                return (await ingest.stripe(b"{}", secret=NEW)).status in (200, 202)

            await eventually(new_secret_is_accepted)
            await gateway.send_some_more()
            gateway.secret = NEW
            await gateway.send_some_more()
            await remove_gateway_secret(connection, tenant.id, "stripe", label="0", actor=ACTOR)

        async def old_secret_is_rejected() -> bool:
            return (await ingest.stripe(b"{}", secret=SECRET)).status == 401

        await eventually(old_secret_is_rejected)
        await gateway.send_some_more()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

        assert set(gateway.answers) == {202}
        stored = await ingest.pool.fetchval("SELECT count(DISTINCT gateway_event_id) FROM ingest.events")
        assert stored >= len(gateway.answers)
        assert (await ingest.stripe(b"{}", secret=NEW)).status == 200


async def test_the_last_use_of_each_secret_is_recorded(postgres_dsn: str) -> None:
    body = orjson.dumps(stripe("charge.succeeded"))
    async with running_ingest(postgres_dsn) as ingest:
        await ingest.stripe(body, secret="whsec_wrong")
        assert await last_uses(ingest) == {"0": None}
        async with open_another(postgres_dsn, ingest) as other:
            await other.stripe(body)

            async def first_use_is_recorded() -> bool:
                return (await last_uses(ingest))["0"] is not None

            await eventually(first_use_is_recorded)
            first = (await last_uses(ingest))["0"]
            await other.stripe(body)
            assert (await last_uses(ingest))["0"] == first
        # Later uses within a minute are written on stop at the latest.
        last = (await last_uses(ingest))["0"]
    assert first is not None
    assert last is not None
    assert last > first
