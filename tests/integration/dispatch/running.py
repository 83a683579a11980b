"""The dispatch service with everything real except the bus: tests call the handlers and see the published messages."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar, cast
from uuid import UUID

import aiohttp
import asyncpg

from orylo_cli.demo.fake_meta import FakeMeta
from orylo_common.broker.ports import Broker, Outgoing
from orylo_common.clock import Clock, SystemClock
from orylo_common.control import Keyring
from orylo_common.control.destinations import add_destination
from orylo_common.control.plane import ControlPlane, Part, open_control
from orylo_common.control.tenants import create_tenant
from orylo_common.messages import (
    ClickRecorded,
    DetectionCreated,
    Message,
    PaymentEnriched,
    PaymentSucceeded,
    decode,
)
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.postgres.pool import open_pool
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_common.resilience.retry import RetryPolicy
from orylo_dispatch.conversions.announcements import CONVERSION_COLUMNS
from orylo_dispatch.conversions.facts import Fact
from orylo_dispatch.conversions.meeting import Meeting
from orylo_dispatch.conversions.store import FactStore
from orylo_dispatch.delivery.destination_states import DestinationStates
from orylo_dispatch.delivery.limits import WorkerLimits
from orylo_dispatch.delivery.queue import DeliveryQueue
from orylo_dispatch.delivery.recorder import Recorder, SideEffects
from orylo_dispatch.delivery.sender import Sender
from orylo_dispatch.delivery.sink import SinkKind
from orylo_dispatch.destinations.meta.limits import MAX_AGE
from orylo_dispatch.destinations.meta.sink import MetaConversions
from orylo_dispatch.handlers import apply_decision, enrich_payment, match_payment, record_click
from tests.support.actors import ACTOR
from tests.unit.dispatch.cases import detection, payment

KEYS = Keyring.generate()
KEYRING = Keyring.parse(KEYS)
PARTS = frozenset({Part.DESTINATIONS, Part.SETTINGS, Part.SWITCHES, Part.FLAGS})
# As in production, except for the delays that tests wait for. The lease stays long: on a machine that pauses for a
# moment no claim may expire.
LIMITS = WorkerLimits(probe_every=timedelta(seconds=0.3))
QUICK = RetryPolicy(base=timedelta(milliseconds=20), cap=timedelta(milliseconds=200))

Kind = TypeVar("Kind", bound=Message)


@dataclass
class MemoryBroker:
    published: list[Message] = field(default_factory=list)

    def hand_over(self, message: Outgoing, settled: Callable[[UUID, bool], None]) -> bool:
        return False

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        self.published += [decode(message.body) for message in messages]

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [message for message in self.published if isinstance(message, kind)]


@dataclass
class Shop:
    """A tenant with one Meta dataset."""

    tenant_id: UUID
    destination_id: UUID
    dataset_id: str

    def payment(self, number: int = 1, **changes: Any) -> PaymentSucceeded:
        return payment(number, **({"tenant_id": self.tenant_id, "occurred_at": datetime.now(UTC)} | changes))


@dataclass
class Dispatch:
    """One replica."""

    broker: MemoryBroker
    plane: ControlPlane
    recorder: Recorder[Fact]
    sender: Sender
    relay: OutboxRelay
    pool: asyncpg.Pool
    # No payment waits: what is written does not depend on it.
    meeting: Meeting = field(default_factory=lambda: Meeting(max_waiting=0))

    async def pay(self, paid: PaymentSucceeded) -> None:
        await match_payment(
            paid, plane=self.plane, kinds=frozenset({"meta"}), recorder=self.recorder, meeting=self.meeting
        )

    async def enrich(self, later: PaymentEnriched) -> None:
        await enrich_payment(later, plane=self.plane, kinds=frozenset({"meta"}), recorder=self.recorder)

    async def decide(self, decided: DetectionCreated) -> None:
        await apply_decision(
            decided, plane=self.plane, kinds=frozenset({"meta"}), recorder=self.recorder, meeting=self.meeting
        )

    async def click(self, clicked: ClickRecorded) -> None:
        await record_click(clicked, recorder=self.recorder)

    async def allow(self, paid: PaymentSucceeded) -> None:
        await self.pay(paid)
        await self.decide(detection(paid))

    async def states(self) -> dict[str, str]:
        rows = await self.pool.fetch("SELECT payment_id, state FROM dispatch.deliveries")
        return {row["payment_id"]: row["state"] for row in rows}


@asynccontextmanager
async def running_dispatch(
    dsn: str,
    meta: FakeMeta,
    *,
    clock: Clock | None = None,
    limits: WorkerLimits = LIMITS,
) -> AsyncIterator[Dispatch]:
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        pool = await enter(open_pool(dsn, role="orylo_dispatch"))
        plane = await enter(open_control(dsn, role="orylo_dispatch", keyring=KEYRING, parts=PARTS))
        broker = MemoryBroker()
        relay = await enter(OutboxRelay(pool, "dispatch", cast(Broker, broker)))
        session = await enter(aiohttp.ClientSession())
        meta_conversions = partial(MetaConversions, session=session, base_url=f"{meta.base_url}/v26.0", retries=QUICK)
        sender = Sender(
            DeliveryQueue(pool, CONVERSION_COLUMNS),
            DestinationStates(pool, offer=relay.offer),
            plane,
            kinds={"meta": SinkKind(meta_conversions, max_age=MAX_AGE)},
            offer=relay.offer,
            clock=clock,
            limits=limits,
            breaker=partial(CircuitBreaker, recovery=timedelta(seconds=0.4)),
        )
        await enter(sender)
        writer: GroupCommit[Fact, SideEffects] = GroupCommit(FactStore(clock).write, pool, name="test.facts")
        await enter(writer)
        yield Dispatch(broker, plane, Recorder(writer.add, offer=relay.offer, wake=sender.wake), sender, relay, pool)


async def open_shop(admin: asyncpg.Pool, slug: str, dataset_id: str, **config: Any) -> Shop:
    async with admin.acquire() as connection:
        tenant = await create_tenant(connection, slug, actor=ACTOR)
        shop = Shop(tenant.id, tenant.id, dataset_id)
        return replace(shop, destination_id=await put_token(admin, shop, "token", **config))


async def put_token(admin: asyncpg.Pool, shop: Shop, token: str, **config: Any) -> UUID:
    """Enter a new token, as a person does."""
    async with admin.acquire() as connection:
        return await add_destination(
            connection,
            KEYRING,
            shop.tenant_id,
            "meta",
            name="main",
            config={"pixel_id": shop.dataset_id, **config},
            secret=token,
            actor=ACTOR,
        )
