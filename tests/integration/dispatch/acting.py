"""The part of dispatch that acts on blocked payments, with everything real except the bus and Stripe."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID, uuid4

import aiohttp
import asyncpg

from orylo_cli.demo.fake_stripe import FakeStripe
from orylo_common.broker.ports import Broker
from orylo_common.clock import Clock, SystemClock
from orylo_common.control.destinations import add_destination
from orylo_common.control.plane import ControlPlane, open_control
from orylo_common.control.sections.actions import ActionPolicy
from orylo_common.control.sections.store import write_section
from orylo_common.control.tenants import create_tenant
from orylo_common.messages import (
    Decision,
    DetectionCreated,
    DisputeFact,
    PaymentRefunded,
    ProviderActionChanged,
    ProviderActionRedriveRequested,
    ReplacedDecision,
)
from orylo_common.postgres.group_commit import GroupCommit
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.postgres.pool import open_pool
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_dispatch.actions.facts import ActionFact
from orylo_dispatch.actions.handlers import act_on_decision, prevent_refund, redrive_action
from orylo_dispatch.actions.rows import ACTION_COLUMNS
from orylo_dispatch.actions.store import ActionStore
from orylo_dispatch.delivery.destination_states import DestinationStates
from orylo_dispatch.delivery.limits import WorkerLimits
from orylo_dispatch.delivery.queue import DeliveryQueue
from orylo_dispatch.delivery.recorder import Recorder, SideEffects
from orylo_dispatch.delivery.sender import Sender
from orylo_dispatch.delivery.sink import SinkKind
from orylo_dispatch.destinations.stripe.limits import MAX_AGE
from orylo_dispatch.destinations.stripe.sink import StripeActions
from tests.integration.dispatch.running import KEYRING, LIMITS, PARTS, QUICK, MemoryBroker
from tests.support.actors import ACTOR
from tests.unit.dispatch.cases import detection, payment

KINDS = frozenset({"stripe"})
KEY = "rk_live_51Loja"


@dataclass
class Actor:
    """One replica."""

    broker: MemoryBroker
    plane: ControlPlane
    recorder: Recorder[ActionFact]
    sender: Sender
    queue: DeliveryQueue

    async def decide(self, decided: DetectionCreated) -> None:
        await act_on_decision(decided, plane=self.plane, kinds=KINDS, recorder=self.recorder)

    async def prevent(self, fact: PaymentRefunded | DisputeFact) -> None:
        await prevent_refund(fact, plane=self.plane, kinds=KINDS, recorder=self.recorder)

    async def redrive(self, tenant_id: UUID, action_id: UUID) -> None:
        fields: dict[str, Any] = {
            "message_id": uuid4(),
            "tenant_id": tenant_id,
            "correlation_id": uuid4(),
            "occurred_at": SystemClock().now(),
            "action_id": action_id,
            "actor": "ana",
        }
        await redrive_action(ProviderActionRedriveRequested(**fields), recorder=self.recorder)

    @property
    def changes(self) -> list[ProviderActionChanged]:
        return self.broker.of(ProviderActionChanged)


@asynccontextmanager
async def running_actor(
    dsn: str, stripe: FakeStripe, *, clock: Clock | None = None, limits: WorkerLimits = LIMITS
) -> AsyncIterator[Actor]:
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        pool = await enter(open_pool(dsn, role="orylo_dispatch"))
        plane = await enter(open_control(dsn, role="orylo_dispatch", keyring=KEYRING, parts=PARTS))
        broker = MemoryBroker()
        relay = await enter(OutboxRelay(pool, "dispatch", cast(Broker, broker)))
        connect = partial(
            StripeActions,
            session=await enter(aiohttp.ClientSession()),
            base_url=stripe.base_url,
            mode_of=lambda tenant_id: plane.settings(tenant_id, ActionPolicy).on_block,
            retries=QUICK,
        )
        queue = DeliveryQueue(pool, ACTION_COLUMNS)
        sender = Sender(
            queue,
            DestinationStates(pool, offer=relay.offer),
            plane,
            kinds={"stripe": SinkKind(connect, max_age=MAX_AGE)},
            offer=relay.offer,
            clock=clock,
            limits=limits,
            breaker=partial(CircuitBreaker, recovery=timedelta(seconds=0.4)),
        )
        await enter(sender)
        writer: GroupCommit[ActionFact, SideEffects] = GroupCommit(ActionStore(clock).write, pool, name="test.actions")
        await enter(writer)
        recorder = Recorder(writer.add, offer=relay.offer, wake=sender.wake)
        yield Actor(broker, plane, recorder, sender, queue)


async def open_merchant(admin: asyncpg.Pool, slug: str = "loja", *, key: str | None = KEY, **policy: Any) -> UUID:
    """Create a tenant that refunds and cancels at once, unless `policy` says otherwise. Return its id."""
    async with admin.acquire() as connection:
        tenant = await create_tenant(connection, slug, actor=ACTOR)
        settings = ActionPolicy.model_validate({"on_block": "both", "wait_seconds": 0} | policy)
        await write_section(connection, tenant.id, settings, actor=ACTOR)
        if key is not None:
            await add_destination(
                connection, KEYRING, tenant.id, "stripe", name="default", config={}, secret=key, actor=ACTOR
            )
        return tenant.id


def decision(
    tenant_id: UUID, number: int = 1, decided: Decision = Decision.BLOCK, *, version: int = 1, **changes: Any
) -> DetectionCreated:
    """Build a decision on the live payment `stripe:pi_<number>`; after the first version it replaces another."""
    paid = payment(number, tenant_id=tenant_id, occurred_at=SystemClock().now())
    replaced = ReplacedDecision(
        detection_id=uuid4(),
        payment_type=paid.type,
        decision=Decision.BLOCK,
        degraded=False,
        amount_minor=paid.amount_minor,
        currency=paid.currency,
    )
    fields = {"livemode": True, "version": version, "replaces": replaced if version > 1 else None}
    return detection(paid, decided, **(fields | changes))
