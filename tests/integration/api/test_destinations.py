"""Destinations and their state, and the reason that a pending conversion waits."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from orylo_common.control import Keyring
from orylo_common.control.destinations import add_destination, disable_destination
from orylo_common.ids import uuid7
from orylo_common.messages import ConversionDispatched, ConversionFailed, ConversionMatched, DestinationStatus
from tests.integration.api.conftest import Api
from tests.integration.api.test_endpoints import get
from tests.support.actors import ACTOR
from tests.unit.api.builders import NOON, after, conversion, destination_changed, token_read

pytestmark = pytest.mark.integration

REASON = "The token has expired. Create a new token."
SINCE = NOON.astimezone(UTC).isoformat().replace("+00:00", "Z")
ENDS = datetime(2027, 1, 28, 9, tzinfo=UTC)


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


@pytest.fixture
def name() -> str:
    """The name of a destination that no other test has."""
    return f"conversions-{uuid7().hex}"


@pytest.fixture
async def destination_id(api: Api, name: str) -> UUID:
    async with api.pool.acquire() as connection:
        added = await add_destination(
            connection,
            Keyring.parse(api.master_key),
            api.a.tenant.id,
            "meta",
            name=name,
            config={"pixel_id": "1234567890"},
            secret="EAAsecret",
            actor=ACTOR,
        )
    # Not asyncpg's own class: a message has the standard one.
    found = UUID(int=added.int)
    await change(api, found, DestinationStatus.ACTIVE)
    return found


_versions = iter(range(1, 1000))


async def change(api: Api, destination_id: UUID, status: DestinationStatus, **changes: Any) -> None:
    await api.project(
        destination_changed(
            tenant_id=api.a.tenant.id,
            destination_id=destination_id,
            status=status,
            **{"version": next(_versions), **changes},
        )
    )


async def pending(api: Api, machine: aiohttp.ClientSession, destination_id: UUID) -> Mapping[str, Any]:
    """Return a new pending conversion, as the list and the path of its own show it."""
    made = conversion(ConversionMatched, tenant_id=api.a.tenant.id, destination_id=destination_id)
    await api.project(made)
    shown: Mapping[str, Any] = await get(machine, f"/api/v1/conversions/{made.conversion_id}")
    page = await get(machine, "/api/v1/conversions", status="pending", payment_id=made.payment_id)
    assert shown in page["items"]
    return shown


async def shown(machine: aiohttp.ClientSession, destination_id: UUID) -> Mapping[str, Any]:
    items = (await get(machine, "/api/v1/destinations"))["items"]
    (found,) = [item for item in items if item["id"] == str(destination_id)]
    return dict(found)


async def test_a_destination_on_hold_says_so_and_each_pending_conversion_too(
    api: Api, machine: aiohttp.ClientSession, destination_id: UUID, name: str
) -> None:
    assert (await shown(machine, destination_id))["status"] == "active"
    assert (await pending(api, machine, destination_id))["waiting_for"] is None

    await change(api, destination_id, DestinationStatus.ON_HOLD)
    found = await shown(machine, destination_id)
    assert (found["status"], found["since"], found["reason"], found["code"]) == ("on_hold", SINCE, REASON, "190/463")
    assert (found["kind"], found["name"]) == ("meta", name)
    assert "EAAsecret" not in str(found)
    waiting = (await pending(api, machine, destination_id))["waiting_for"]
    assert waiting == {"cause": "destination_on_hold", "reason": REASON, "code": "190/463", "since": SINCE}

    await change(api, destination_id, DestinationStatus.ACTIVE, code=None, reason=None)
    assert (await shown(machine, destination_id))["status"] == "active"
    assert (await pending(api, machine, destination_id))["waiting_for"] is None


@pytest.mark.parametrize("status", [DestinationStatus.THROTTLED, DestinationStatus.UNAVAILABLE])
async def test_a_pause_that_ends_without_help_has_its_own_name(
    api: Api, machine: aiohttp.ClientSession, destination_id: UUID, status: DestinationStatus
) -> None:
    await change(api, destination_id, status)
    assert (await shown(machine, destination_id))["status"] == status.value
    assert (await pending(api, machine, destination_id))["waiting_for"]["cause"] == f"destination_{status}"


async def test_a_disabled_destination_says_so_whatever_its_state_was(
    api: Api, machine: aiohttp.ClientSession, destination_id: UUID, name: str
) -> None:
    await change(api, destination_id, DestinationStatus.ON_HOLD)
    async with api.pool.acquire() as connection:
        await disable_destination(connection, api.a.tenant.id, "meta", name=name, actor=ACTOR)
    found = await shown(machine, destination_id)
    assert (found["status"], found["since"], found["reason"]) == ("disabled", None, None)
    waiting = (await pending(api, machine, destination_id))["waiting_for"]
    assert (waiting["cause"], waiting["since"]) == ("destination_disabled", None)


async def test_only_a_pending_conversion_waits(api: Api, machine: aiohttp.ClientSession, destination_id: UUID) -> None:
    await change(api, destination_id, DestinationStatus.ON_HOLD)
    for kind in (ConversionDispatched, ConversionFailed):
        made = conversion(kind, tenant_id=api.a.tenant.id, destination_id=destination_id)
        await api.project(made)
        assert (await get(machine, f"/api/v1/conversions/{made.conversion_id}"))["waiting_for"] is None


async def test_an_older_state_that_arrives_late_changes_nothing(
    api: Api, machine: aiohttp.ClientSession, destination_id: UUID
) -> None:
    old, new = next(_versions), next(_versions)
    await change(api, destination_id, DestinationStatus.ACTIVE, version=new, occurred_at=after(5))
    await change(api, destination_id, DestinationStatus.ON_HOLD, version=old)
    assert (await shown(machine, destination_id))["status"] == "active"


async def test_another_tenants_state_of_the_same_id_is_not_shown(
    api: Api, machine: aiohttp.ClientSession, destination_id: UUID
) -> None:
    await change(api, destination_id, DestinationStatus.ACTIVE)
    await api.project(destination_changed(tenant_id=api.b.tenant.id, destination_id=destination_id))
    assert (await shown(machine, destination_id))["status"] == "active"


async def read_end(api: Api, destination_id: UUID, expires_at: datetime | None, **changes: Any) -> None:
    async with api.pool.acquire() as connection:
        saved = await connection.fetchval("SELECT updated_at FROM control.destinations WHERE id = $1", destination_id)
    about = {"tenant_id": api.a.tenant.id, "destination_id": destination_id}
    await api.project(token_read(**{**about, "configured_at": saved, "expires_at": expires_at, **changes}))


async def ends(machine: aiohttp.ClientSession, destination_id: UUID) -> set[str | None]:
    """Return the end of the token, as the list and the activity show it."""
    activity = await get(machine, f"/api/v1/destinations/{destination_id}/activity")
    return {(await shown(machine, destination_id))["token_expires_at"], activity["token_expires_at"]}


async def test_the_latest_read_end_of_a_token_is_shown(
    api: Api, machine: aiohttp.ClientSession, destination_id: UUID
) -> None:
    assert await ends(machine, destination_id) == {None}
    await read_end(api, destination_id, ENDS, occurred_at=after(5))
    assert await ends(machine, destination_id) == {"2027-01-28T09:00:00Z"}

    # An older reading that arrives late, and another tenant's of the same id.
    await read_end(api, destination_id, None, occurred_at=after(4))
    await read_end(api, destination_id, None, occurred_at=after(6), tenant_id=api.b.tenant.id)
    assert await ends(machine, destination_id) == {"2027-01-28T09:00:00Z"}

    await read_end(api, destination_id, None, occurred_at=after(7))
    assert await ends(machine, destination_id) == {None}


async def test_the_end_of_a_replaced_token_is_not_shown(
    api: Api, machine: aiohttp.ClientSession, destination_id: UUID
) -> None:
    await read_end(api, destination_id, ENDS, occurred_at=after(8))
    body = {"token": "EAAnew", "config": {"pixel_id": "1234567890"}}
    async with machine.put(f"/api/v1/destinations/{destination_id}", json=body) as response:
        assert response.status == 200
    assert await ends(machine, destination_id) == {None}
    await read_end(api, destination_id, ENDS, occurred_at=after(9))
    assert await ends(machine, destination_id) == {"2027-01-28T09:00:00Z"}
