"""Dispatch learns when a token expires, stores it, and forgets it with the token."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import aiohttp
import asyncpg
import pytest
from prometheus_client import REGISTRY

from orylo_cli.demo.fake_meta import FakeMeta
from orylo_cli.demo.fake_meta.faults import InjectedFault
from orylo_common.broker.ports import Outgoing
from orylo_common.clock import SystemClock
from orylo_common.control import Destination
from orylo_common.control.plane import open_control
from orylo_common.messages import DestinationTokenRead, decode
from orylo_common.postgres.pool import open_pool
from orylo_dispatch.delivery.sink import SinkKind
from orylo_dispatch.delivery.token_expiry import READ_EVERY, TokenExpiry, is_due
from orylo_dispatch.destinations.meta.sink import MetaConversions
from tests.integration.dispatch.running import KEYRING, PARTS, Shop, put_token
from tests.unit.dispatch.cases import PAID_AT, TENANT

ENDS = datetime(2030, 5, 1, tzinfo=UTC)
FAR = timedelta(days=400)


@pytest.fixture
def published() -> list[Outgoing]:
    return []


def reported(published: list[Outgoing]) -> list[datetime | None]:
    """Return the ends that were published, oldest first."""
    messages = [decode(each.body) for each in published]
    return [each.expires_at for each in messages if isinstance(each, DestinationTokenRead)]


@pytest.fixture
async def tokens(
    postgres_dsn: str, fake_meta: FakeMeta, shop: Shop, published: list[Outgoing]
) -> AsyncIterator[TokenExpiry]:
    async with (
        open_pool(postgres_dsn, role="orylo_dispatch", max_size=1) as pool,
        open_control(postgres_dsn, role="orylo_dispatch", keyring=KEYRING, parts=PARTS) as plane,
        aiohttp.ClientSession() as session,
    ):
        connect = partial(MetaConversions, session=session, base_url=f"{fake_meta.base_url}/v26.0")
        yield TokenExpiry(pool, plane, {"meta": SinkKind(connect, max_age=FAR)}, SystemClock(), published.extend)


def shown(shop: Shop) -> float | None:
    labels = {"destination": str(shop.destination_id)}
    return REGISTRY.get_sample_value("orylo_dispatch_token_expires_timestamp_seconds", labels)


@pytest.mark.integration
async def test_the_end_is_read_and_reported_once_a_day(
    tokens: TokenExpiry, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta, published: list[Outgoing]
) -> None:
    fake_meta.inject(InjectedFault(token_expires_at=int(ENDS.timestamp())))
    await tokens.check()
    assert await admin.fetchval("SELECT expires_at FROM dispatch.destination_tokens") == ENDS
    assert shown(shop) == ENDS.timestamp()

    fake_meta.inject(InjectedFault(token_expires_at=int((ENDS + FAR).timestamp())))
    await tokens.check()
    assert shown(shop) == ENDS.timestamp()

    await admin.execute("UPDATE dispatch.destination_tokens SET read_at = read_at - interval '1 day'")
    await tokens.check()
    assert shown(shop) == (ENDS + FAR).timestamp()
    assert reported(published) == [ENDS, ENDS + FAR]
    assert await admin.fetchval("SELECT count(*) FROM dispatch.outbox") == 2


@pytest.mark.integration
async def test_a_new_token_is_read_at_once_and_one_without_an_end_has_no_metric(
    tokens: TokenExpiry, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta, published: list[Outgoing]
) -> None:
    fake_meta.inject(InjectedFault(token_expires_at=int(ENDS.timestamp())))
    await tokens.check()
    await put_token(admin, shop, "EAAnew")
    await tokens.plane.reload()
    fake_meta.inject(InjectedFault())

    await tokens.check()

    assert await admin.fetchval("SELECT expires_at FROM dispatch.destination_tokens") is None
    assert shown(shop) is None
    assert reported(published) == [ENDS, None]


@pytest.mark.integration
async def test_an_outage_keeps_the_known_end_and_is_tried_again_in_an_hour(
    tokens: TokenExpiry, admin: asyncpg.Pool, shop: Shop, fake_meta: FakeMeta, published: list[Outgoing]
) -> None:
    fake_meta.inject(InjectedFault(token_expires_at=int(ENDS.timestamp())))
    await tokens.check()
    await admin.execute("UPDATE dispatch.destination_tokens SET read_at = read_at - interval '1 day'")
    fake_meta.inject(InjectedFault(mode="down"))

    await tokens.check()

    assert shown(shop) == ENDS.timestamp()
    assert reported(published) == [ENDS]
    pause = await admin.fetchval("SELECT now() - read_at FROM dispatch.destination_tokens")
    assert timedelta(hours=22) < pause < READ_EVERY


@pytest.mark.parametrize(
    ("age", "configured", "refused", "due"),
    [
        (timedelta(hours=23), timedelta(), None, False),
        (timedelta(hours=24), timedelta(), None, True),
        (timedelta(hours=1), -timedelta(days=2), None, True),
        # Refused after it was read, and before.
        (timedelta(hours=2), timedelta(), timedelta(hours=1), True),
        (timedelta(hours=2), timedelta(), timedelta(hours=3), False),
    ],
)
def test_a_token_is_due_after_a_day_a_change_or_a_refusal(
    age: timedelta, configured: timedelta, refused: timedelta | None, due: bool
) -> None:
    now = PAID_AT + timedelta(days=10)
    destination = Destination(UUID(int=1), TENANT, "meta", "main", {}, "token", True, PAID_AT)
    known = {
        "read_at": now - age,
        "configured_at": PAID_AT + configured,
        "refused_since": now - refused if refused else None,
    }

    assert is_due(None, destination, now)
    assert is_due(known, destination, now) is due
