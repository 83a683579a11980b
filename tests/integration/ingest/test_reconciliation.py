"""Stripe's lists against what was received: what is missing is fetched once, on the path of webhooks."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import asyncpg
import orjson
import pytest

from orylo_cli.demo.fake_stripe import FakeStripe
from orylo_cli.demo.fake_stripe.faults import StripeFault
from orylo_common.broker.ports import Broker
from orylo_common.clock import SystemClock
from orylo_common.control import Keyring
from orylo_common.control.destinations import add_destination
from orylo_common.control.plane import open_control
from orylo_common.control.switches import Switch, SwitchName, switch_on
from orylo_common.control.tenant_states import resume_tenant, suspend_tenant
from orylo_common.control.tenants import find_tenant
from orylo_common.ids import uuid7
from orylo_common.messages import (
    PaymentSucceeded,
    ReconciliationChanged,
    ReconciliationRequested,
    ReconciliationState,
    decode,
)
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.postgres.pool import open_pool
from orylo_common.repeating import repeating
from orylo_common.resilience.circuit_breaker import CircuitBreaker
from orylo_ingest.app import PARTS
from orylo_ingest.reconciliation import fetching, runner, service
from orylo_ingest.reconciliation.job import ComparedRange, new_job
from orylo_ingest.reconciliation.missing import settle_missing
from orylo_ingest.reconciliation.requests import PLATFORM, schedule_daily
from orylo_ingest.reconciliation.runner import Reconciler
from orylo_ingest.reconciliation.service import open_reconciler, running_reconciliations
from orylo_ingest.reconciliation.store import insert_job
from orylo_ingest.webhooks.store import EventStore
from orylo_ingest.webhooks.writer import WebhookWriter
from tests.integration.ingest.running import MASTER_KEY, TENANT, Ingest, running_ingest
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.support.fake_stripe import fake_stripe
from tests.support.outbox import waiting_messages
from tests.support.stripe_history import charge, event, sales, transaction

__all__ = ["fake_stripe"]

pytestmark = pytest.mark.integration

KEY = "rk_test_reconcile"
TABLES = ("reconciliations", "missing_events", "reconciled_amounts")
NOW = datetime.now(UTC)
# A day that the range covers, away from its edges.
DAY = (NOW - timedelta(days=3)).replace(hour=12, minute=0, second=0, microsecond=0)


@dataclass
class Shop:
    ingest: Ingest
    stripe: FakeStripe
    dsn: str
    tenant_id: Any

    async def start(self, *, dry_run: bool = False, days: int = 20, by: str = "ana") -> Any:
        now = datetime.now(UTC)
        job = new_job(
            self.tenant_id,
            "stripe",
            ComparedRange(now - timedelta(days=days), now),
            now=now,
            requested_by=by,
            dry_run=dry_run,
        )
        async with self.ingest.pool.acquire() as connection:
            await insert_job(connection, job, due_at=now)
        return job.id

    async def result(self, job_id: Any) -> ReconciliationChanged:
        waiting = [decode(each.body) for each in await waiting_messages(self.ingest.pool, "ingest")]
        messages = [*self.ingest.published.messages, *waiting]
        found = [each for each in messages if isinstance(each, ReconciliationChanged)]
        return max((each for each in found if each.reconciliation_id == job_id), key=lambda each: each.revision)

    async def receive(self, *events: dict[str, Any]) -> None:
        answers = await asyncio.gather(*(self.ingest.stripe(orjson.dumps(each)) for each in events))
        assert {answer.status for answer in answers} == {202}

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Reconciler]:
        """Open a worker of its own, as another process has one."""
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            pool = await enter(open_pool(self.dsn, role="orylo_ingest", max_size=4))
            keyring = Keyring.parse(MASTER_KEY)
            plane = await enter(open_control(self.dsn, role="orylo_ingest", keyring=keyring, parts=PARTS))
            relay = await enter(OutboxRelay(pool, "ingest", cast(Broker, self.ingest.published)))
            writer = WebhookWriter(await enter(EventStore.open(pool)), relay, CircuitBreaker("test"))
            yield await enter(
                open_reconciler(pool, plane, keyring, writer, base_url=self.stripe.base_url, clock=SystemClock())
            )

    async def reconcile(self, **options: Any) -> ReconciliationChanged:
        job_id = await self.start(**options)
        async with self.worker() as worker:
            assert await worker.run_due(job_id)
        return await self.result(job_id)

    async def sold(self) -> Counter[str]:
        """Return how often each payment's success was published."""
        waiting = [decode(each.body) for each in await waiting_messages(self.ingest.pool, "ingest")]
        messages = {each.message_id: each for each in [*self.ingest.published.messages, *waiting]}
        return Counter(each.payment_id for each in messages.values() if isinstance(each, PaymentSucceeded))


@pytest.fixture
async def shop(postgres_dsn: str, fake_stripe: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    # The tests run the workers themselves: ingest's own would look once when it starts, and may take a test's job then.
    monkeypatch.setattr(service, "repeating", lambda *_, **__: nullcontext())
    monkeypatch.setattr(service, "schedule_daily", lambda *_: _nothing_scheduled)
    async with running_ingest(postgres_dsn, stripe_base_url=fake_stripe.base_url) as ingest:
        for table in TABLES:
            await ingest.pool.execute(f"DELETE FROM ingest.{table}")
        async with ingest.pool.acquire() as connection:
            tenant = await find_tenant(connection, TENANT)
            keyring = Keyring.parse(MASTER_KEY)
            await add_destination(
                connection, keyring, tenant.id, "stripe", name="default", config={}, secret=KEY, actor=ACTOR
            )
        fake_stripe.account(KEY)
        yield Shop(ingest, fake_stripe, postgres_dsn, tenant.id)


async def test_a_request_is_run_at_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "repeating", repeating)
    monkeypatch.setattr(service, "LOOK_EVERY", timedelta(hours=1))
    shop.stripe.account(KEY).events += sales(1, 3, DAY)
    async with shop.worker() as worker, running_reconciliations(worker) as request:
        # Lets it look once, and find nothing.
        await asyncio.sleep(0.2)
        asked = ReconciliationRequested(
            message_id=uuid7(),
            correlation_id=uuid7(),
            tenant_id=shop.tenant_id,
            occurred_at=NOW,
            reconciliation_id=uuid7(),
            gateway="stripe",
            range_start=DAY - timedelta(days=1),
            range_end=NOW,
            dry_run=False,
            actor="ana",
        )
        await request(asked)
        state = "SELECT state FROM ingest.reconciliations WHERE id = $1"

        async def is_completed() -> bool:
            return bool(await shop.ingest.pool.fetchval(state, asked.reconciliation_id) == "completed")

        await eventually(is_completed)


async def test_missing_events_are_found_and_fetched_once_on_the_path_of_webhooks(shop: Shop) -> None:
    account = shop.stripe.account(KEY)
    account.events += sales(1, 250, DAY)
    received = [each for number, each in enumerate(account.events) if number % 5]
    await shop.receive(*received)

    result = await shop.reconcile()
    assert (result.state, result.problem) == ("completed", None)
    assert (result.events.listed, result.events.known) == (250, 200)
    assert (result.events.missing, result.events.fetched) == (50, 50)
    assert len(result.fetched) == 50
    assert await shop.ingest.rows("events") == 250
    again = await shop.reconcile()
    assert (again.events.listed, again.events.known, again.events.missing) == (250, 250, 0)

    sold = await shop.sold()
    assert len(sold) == 250
    assert set(sold.values()) == {1}
    assert (
        await shop.ingest.pool.fetchval("SELECT count(*) FROM ingest.events WHERE payload::text LIKE '%@example%'") == 0
    )
    pages = [each.query for each in shop.stripe.lists if each.path == "/v1/events"]
    assert [query.get("starting_after") is None for query in pages] == [True, False, False] * 2
    assert {query["limit"] for query in pages} == {"100"}


async def test_two_runs_at_once_and_a_kill_fetch_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    account = shop.stripe.account(KEY)
    account.events += sales(1, 250, DAY)
    await shop.receive(*[each for number, each in enumerate(account.events) if number % 5])
    first, second = await shop.start(), await shop.start()

    async with shop.worker() as killed:
        # In the middle of the second page: events are stored, and the page is not.
        settle = settle_missing
        pages = 0

        async def die(*arguments: Any, **options: Any) -> None:
            nonlocal pages
            pages += 1
            if pages == 2:
                raise asyncio.CancelledError
            await settle(*arguments, **options)

        monkeypatch.setattr(fetching, "settle_missing", die)
        with suppress(asyncio.CancelledError):
            await killed.run_due(first)
        monkeypatch.undo()
    assert pages == 2
    assert await shop.ingest.pool.fetchval("SELECT count(*) FROM ingest.missing_events WHERE fetched_at IS NULL") > 0
    # The killed worker still holds the first run.
    async with shop.worker() as one, shop.worker() as other:
        assert not await one.run_due(first)
        await shop.ingest.pool.execute("UPDATE ingest.reconciliations SET due_at = now() WHERE id = $1", first)
        await asyncio.gather(one.run_due(first), other.run_due(second))

    results = [await shop.result(first), await shop.result(second)]
    assert [each.state for each in results] == ["completed", "completed"]
    assert sum(each.events.fetched for each in results) == 50
    assert [each.events.listed for each in results] == [250, 250]
    assert all(each.events.known + each.events.fetched == 250 for each in results)
    sold = await shop.sold()
    assert len(sold) == 250
    assert set(sold.values()) == {1}


async def test_a_dry_run_counts_and_stores_nothing(shop: Shop) -> None:
    shop.stripe.account(KEY).events += sales(1, 3, DAY)
    await shop.receive(*sales(1, 1, DAY))
    result = await shop.reconcile(dry_run=True)
    assert (result.events.known, result.events.missing, result.events.fetched) == (1, 2, 0)
    assert await shop.ingest.rows("events") == 1
    assert (await shop.reconcile()).events.fetched == 2


async def test_modes_are_kept_apart_and_new_events_are_left_to_their_webhooks(shop: Shop) -> None:
    account = shop.stripe.account(KEY)
    account.events += sales(1, 1, DAY)
    account.events.append(event("charge.succeeded", charge(2, DAY), DAY, livemode=True))
    account.events += sales(3, 3, datetime.now(UTC) - timedelta(minutes=1))
    result = await shop.reconcile()
    assert (result.livemode, result.events.listed, result.events.fetched) == (False, 1, 1)
    assert set(await shop.sold()) == {"stripe:pi_1"}


async def test_of_types_that_the_endpoint_does_not_send_only_unreported_money_is_fetched(shop: Shop) -> None:
    account = shop.stripe.account(KEY)
    intent = {"object": "payment_intent", "currency": "brl", "amount": 1001, "amount_received": 1001, "created": 1}
    account.events += [
        *sales(1, 1, DAY),
        event("payment_intent.created", {"id": "pi_1", **intent}, DAY),
        event("payment_intent.succeeded", {"id": "pi_1", **intent}, DAY),
        event("payment_intent.succeeded", {"id": "pi_2", **intent}, DAY),
        event("customer.created", {"id": "cus_1", "object": "customer"}, DAY),
        event("charge.dispute.created", _dispute(1), DAY),
    ]
    await shop.receive(*sales(1, 1, DAY))
    result = await shop.reconcile()
    assert {each.gateway_event_type for each in result.fetched} == {
        "payment_intent.succeeded",
        "charge.dispute.created",
    }
    assert (result.events.fetched, result.events.not_subscribed, result.events.known) == (2, 3, 1)
    assert set(await shop.sold()) == {"stripe:pi_1", "stripe:pi_2"}


async def test_sums_that_differ_are_reported_by_currency_and_day(shop: Shop) -> None:
    account = shop.stripe.account(KEY)
    paid = [charge(number, DAY) for number in (1, 2, 3)]
    refunded = {**paid[0], "amount_refunded": 400}
    for each in paid:
        account.transactions.append(transaction("charge", each, DAY, fee=50))
    refund = {"id": "re_1", "object": "refund", "amount": 400, "currency": "brl", "payment_intent": "pi_1"}
    account.transactions.append(transaction("refund", refund, DAY))
    account.transactions.append(transaction("dispute", _dispute(2), DAY))
    await shop.receive(
        *sales(1, 2, DAY),
        event("charge.refunded", refunded, DAY, previous_attributes={"amount_refunded": 0}),
        event("charge.dispute.created", _dispute(2), DAY),
    )
    result = await shop.reconcile()

    totals = {each.kind.value: (each.gateway_minor, each.received_minor) for each in result.totals}
    assert totals == {"charge": (3006, 2003), "refund": (400, 400), "dispute": (1002, 1002), "fee": (150, None)}
    (difference,) = result.differences
    assert (difference.kind, difference.currency, difference.day) == ("charge", "BRL", DAY.date())
    assert (difference.gateway_minor, difference.received_minor) == (3006, 2003)
    assert (difference.gateway_count, difference.received_count) == (3, 2)
    assert await shop.ingest.rows("reconciled_amounts") == 0


@pytest.mark.parametrize(("mode", "said"), [("forbidden", "Events: Read"), ("revoked", "Store a new one")])
async def test_a_key_that_is_refused_fails_with_the_reason(shop: Shop, mode: str, said: str) -> None:
    if mode == "revoked":
        shop.stripe.revoke(KEY)
    else:
        shop.stripe.inject(StripeFault(mode="forbidden"))
    result = await shop.reconcile()
    assert (result.state, said in (result.problem or "")) == (ReconciliationState.FAILED, True)
    assert KEY not in (result.problem or "")


async def test_a_key_without_balance_transactions_compares_events_only(shop: Shop) -> None:
    shop.stripe.account(KEY).events += sales(1, 2, DAY)
    shop.stripe.inject(StripeFault(mode="forbidden", paths=("/v1/balance_transactions",)))
    result = await shop.reconcile()
    assert (result.state, result.events.fetched) == ("completed", 2)
    assert "Balance transactions: Read" in (result.problem or "")
    assert result.totals == ()


async def test_a_limited_rate_is_waited_for(shop: Shop) -> None:
    shop.stripe.account(KEY).events += sales(1, 1, DAY)
    shop.stripe.inject(StripeFault(mode="throttled", retry_after_seconds=7))
    job_id = await shop.start()
    async with shop.worker() as worker:
        await worker.run_due(job_id)
        row = await _row(shop.ingest.pool, job_id)
        assert (row["state"], row["failures"]) == ("running", 1)
        assert timedelta(seconds=2) < row["due_at"] - datetime.now(UTC) <= timedelta(seconds=7)
        shop.stripe.inject(StripeFault())
        await shop.ingest.pool.execute("UPDATE ingest.reconciliations SET due_at = now()")
        await worker.run_due(job_id)
    assert (await shop.result(job_id)).events.fetched == 1


async def test_stripe_away_is_given_up_in_the_end(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MAX_FAILURES", 2)
    shop.stripe.inject(StripeFault(mode="down"))
    job_id = await shop.start()
    async with shop.worker() as worker:
        await worker.run_due(job_id)
        await shop.ingest.pool.execute("UPDATE ingest.reconciliations SET due_at = now()")
        await worker.run_due(job_id)
    result = await shop.result(job_id)
    assert (result.state, "503" in (result.problem or "")) == ("failed", True)


async def test_without_a_key_or_a_gateway_nothing_is_fetched(shop: Shop) -> None:
    shop.stripe.account(KEY).events += sales(1, 1, DAY)
    await shop.ingest.configure(enabled=False)
    assert (await shop.reconcile()).problem == runner.NO_GATEWAY
    await shop.ingest.pool.execute("UPDATE control.destinations SET enabled = false")
    assert (await shop.reconcile()).problem == runner.NO_KEY
    assert await shop.ingest.rows("events") == 0


async def test_nothing_is_fetched_while_a_switch_stops_webhooks(shop: Shop) -> None:
    shop.stripe.account(KEY).events += sales(1, 1, DAY)
    switch = Switch(shop.tenant_id, SwitchName.STOP_WEBHOOKS, "stripe", "maintenance", "ana", datetime.now(UTC))
    async with shop.ingest.pool.acquire() as connection:
        await switch_on(connection, switch, actor=ACTOR)
    job_id = await shop.start()
    async with shop.worker() as worker:
        await worker.run_due(job_id)
    assert (await _row(shop.ingest.pool, job_id))["state"] == "running"
    assert await shop.ingest.rows("events") == 0
    assert (await shop.reconcile(dry_run=True)).events.missing == 1


async def test_the_daily_run_continues_where_the_last_one_ended(shop: Shop) -> None:
    schedule = schedule_daily(Keyring.parse(MASTER_KEY), SystemClock())
    await shop.ingest.pool.execute("UPDATE control.gateway_secrets SET created_at = now() - interval '2 days'")

    async def due() -> list[asyncpg.Record]:
        async with shop.ingest.pool.acquire() as connection:
            await schedule(connection)
        return await shop.ingest.pool.fetch(
            "SELECT * FROM ingest.reconciliations WHERE requested_by = $1 ORDER BY created_at", PLATFORM
        )

    await shop.ingest.pool.execute("DELETE FROM ingest.reconciliations")
    (first,) = await due()
    assert timedelta(days=1, hours=23) < datetime.now(UTC) - first["range_start"] < timedelta(days=2, minutes=5)
    assert len(await due()) == 1
    await shop.ingest.pool.execute(
        "UPDATE ingest.reconciliations SET created_at = now() - interval '25 h', state = 'completed', livemode = false"
    )
    _, second = await due()
    assert second["range_start"] == first["range_end"] - timedelta(hours=1)


async def test_a_suspended_tenant_is_reconciled_again_once_it_is_resumed(shop: Shop) -> None:
    schedule = schedule_daily(Keyring.parse(MASTER_KEY), SystemClock())

    async def scheduled() -> int:
        async with shop.ingest.pool.acquire() as connection, connection.transaction():
            await schedule(connection)
            count = "SELECT count(*) FROM ingest.reconciliations WHERE requested_by = $1"
            return int(await connection.fetchval(count, PLATFORM))

    async with shop.ingest.pool.acquire() as connection, connection.transaction():
        await suspend_tenant(connection, shop.tenant_id, reason="unpaid", actor=ACTOR, now=datetime.now(UTC))
    await shop.ingest.pool.execute("DELETE FROM ingest.reconciliations")
    assert await scheduled() == 0
    async with shop.ingest.pool.acquire() as connection, connection.transaction():
        await resume_tenant(connection, shop.tenant_id, actor=ACTOR)
    assert await scheduled() == 1


async def _nothing_scheduled(_: Any) -> None: ...


def _dispute(number: int) -> dict[str, Any]:
    return {
        "id": f"dp_{number}",
        "object": "dispute",
        "amount": 1000 + number,
        "currency": "brl",
        "charge": f"ch_{number}",
        "payment_intent": f"pi_{number}",
        "status": "needs_response",
        "reason": "fraudulent",
        "created": int(DAY.timestamp()),
    }


async def _row(pool: asyncpg.Pool, job_id: Any) -> asyncpg.Record:
    row = await pool.fetchrow("SELECT * FROM ingest.reconciliations WHERE id = $1", job_id)
    assert row is not None
    return row
