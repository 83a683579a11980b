"""Blocked payments are cancelled or refunded at Stripe, each once, and only where the tenant asks for it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from orylo_cli.demo.fake_stripe import FakeStripe
from orylo_cli.demo.fake_stripe.account import FakePayment
from orylo_cli.demo.fake_stripe.faults import StripeFault
from orylo_common.clock import SystemClock
from orylo_common.control.destinations import add_destination
from orylo_common.errors import TransientError
from orylo_common.messages import (
    Decision,
    DisputeOpened,
    PaymentCreated,
    PaymentRefunded,
    ProviderActionChanged,
    ProviderActionStatus,
    type_of,
)
from tests.integration.dispatch.acting import KEY, Actor, decision, open_merchant, running_actor
from tests.integration.dispatch.running import KEYRING, LIMITS
from tests.support.actors import ACTOR
from tests.support.eventually import eventually
from tests.support.fake_stripe import fake_stripe
from tests.unit.dispatch.cases import payment

__all__ = ["fake_stripe"]

pytestmark = pytest.mark.integration

NOT_CAPTURED: dict[str, Any] = {"payment_type": type_of(PaymentCreated)}
STATE = "SELECT state FROM dispatch.provider_actions WHERE tenant_id = $1 AND payment_id = $2"


@pytest.fixture
async def merchant(admin: asyncpg.Pool) -> UUID:
    return await open_merchant(admin)


@pytest.fixture
async def actor(postgres_dsn: str, fake_stripe: FakeStripe, merchant: UUID) -> AsyncIterator[Actor]:
    async with running_actor(postgres_dsn, fake_stripe) as replica:
        yield replica


async def state_of(admin: asyncpg.Pool, tenant_id: UUID, number: int = 1) -> str | None:
    state: str | None = await admin.fetchval(STATE, tenant_id, f"stripe:pi_{number}")
    return state


async def until(admin: asyncpg.Pool, tenant_id: UUID, state: str, number: int = 1) -> None:
    async def reached() -> bool:
        return await state_of(admin, tenant_id, number) == state

    await eventually(reached)


async def change(actor: Actor, **expected: Any) -> ProviderActionChanged:
    """Return the newest published change with the expected fields, once there is one."""

    def matching() -> list[ProviderActionChanged]:
        return [each for each in actor.changes if all(getattr(each, name) == value for name, value in expected.items())]

    await eventually(lambda: bool(matching()))
    return max(matching(), key=lambda each: each.revision)


def reversal(kind: type[Any], tenant_id: UUID, **changes: Any) -> Any:
    fields = payment(1, tenant_id=tenant_id).model_dump(exclude={"type"}) | {"message_id": uuid4(), "event_id": "later"}
    return kind.model_validate(fields | changes)


async def test_a_blocked_payment_is_refunded_once_however_often_its_decision_arrives(
    admin: asyncpg.Pool, merchant: UUID, actor: Actor, fake_stripe: FakeStripe
) -> None:
    paid = fake_stripe.account(KEY).add("pi_1")
    blocked = decision(merchant)

    await asyncio.gather(*(actor.decide(blocked) for _ in range(5)))
    await until(admin, merchant, "dispatched")
    await actor.decide(blocked)
    await actor.decide(decision(merchant, version=2))
    await asyncio.sleep(0.2)

    assert [refund["amount"] for refund in paid.refunds] == [1250]
    assert [request.path for request in fake_stripe.requests] == ["/v1/refunds"]
    done = await change(actor, status=ProviderActionStatus.DONE)
    pending = await change(actor, status=ProviderActionStatus.PENDING)
    assert len(actor.changes) == 2
    assert (done.reference, done.attempts, done.decided_by) == ("re_1_1", 1, "risk")
    assert done.revision > pending.revision
    lines = await admin.fetch("SELECT actor_kind, action, after FROM control.audit_log WHERE action LIKE 'provider.%'")
    assert [(line["actor_kind"], line["action"], line["after"]["state"]) for line in lines] == [
        ("platform", "provider.refund", "pending"),
        ("platform", "provider.refund", "dispatched"),
    ]
    assert lines[0]["after"]["detection_id"] == str(blocked.detection_id)


async def test_an_intent_that_is_not_captured_is_cancelled(
    admin: asyncpg.Pool, merchant: UUID, actor: Actor, fake_stripe: FakeStripe
) -> None:
    held = fake_stripe.account(KEY).add("pi_1", status="requires_capture")

    await actor.decide(decision(merchant, **NOT_CAPTURED))
    await until(admin, merchant, "dispatched")

    assert (held.status, held.refunds) == ("canceled", [])


@pytest.mark.parametrize(
    "changes",
    [
        {"decided": Decision.ALLOW},
        {"decided": Decision.REVIEW},
        {"test": True},
        {"livemode": False},
        {"livemode": None},
        {"gateway": "hotmart"},
        {"payment_type": "payment.failed.v1", "late": True},
        {"payment_type": "payment.failed.v1"},
        {"amount_minor": 0},
    ],
    ids=str,
)
async def test_other_decisions_lead_to_no_action(
    admin: asyncpg.Pool, merchant: UUID, actor: Actor, fake_stripe: FakeStripe, changes: dict[str, Any]
) -> None:
    await actor.decide(decision(merchant, **changes))

    assert await state_of(admin, merchant) is None


@pytest.mark.parametrize(
    ("policy", "changes", "acts"),
    [
        ({"on_block": "off"}, {}, False),
        ({"on_block": "cancel"}, {}, False),
        ({"on_block": "cancel"}, NOT_CAPTURED, True),
        ({"on_block": "refund"}, NOT_CAPTURED, False),
        ({"on_block": "refund"}, {}, True),
        ({"max_amount_minor": {"BRL": 1249}}, {}, False),
        ({"max_amount_minor": {"BRL": 1250}}, {}, True),
        ({"decided_by": "override"}, {}, False),
        ({"decided_by": "override"}, {"override": "blocked"}, True),
    ],
    ids=str,
)
async def test_the_settings_say_what_is_done(
    postgres_dsn: str,
    admin: asyncpg.Pool,
    fake_stripe: FakeStripe,
    policy: dict[str, Any],
    changes: dict[str, Any],
    acts: bool,
) -> None:
    tenant = await open_merchant(admin, **policy)
    async with running_actor(postgres_dsn, fake_stripe) as actor:
        await actor.decide(decision(tenant, **changes))

        assert (await state_of(admin, tenant) is not None) is acts


async def test_without_settings_and_without_a_key_nothing_is_done(
    postgres_dsn: str, admin: asyncpg.Pool, fake_stripe: FakeStripe
) -> None:
    keyless = await open_merchant(admin, "keyless", key=None)
    silent = await open_merchant(admin, "silent")
    await admin.execute("DELETE FROM control.settings WHERE tenant_id = $1", silent)
    async with running_actor(postgres_dsn, fake_stripe) as actor:
        await actor.decide(decision(keyless))
        await actor.decide(decision(silent))

    assert not await admin.fetchval("SELECT count(*) FROM dispatch.provider_actions")


async def test_a_block_that_is_lifted_in_time_withdraws_the_refund(
    postgres_dsn: str, admin: asyncpg.Pool, fake_stripe: FakeStripe
) -> None:
    tenant = await open_merchant(admin, wait_seconds=60)
    async with running_actor(postgres_dsn, fake_stripe) as actor:
        await actor.decide(decision(tenant))
        await actor.decide(decision(tenant, 1, Decision.ALLOW, version=2))

        assert await state_of(admin, tenant) == "suppressed"
        await change(actor, status=ProviderActionStatus.WITHDRAWN, code="block_lifted")

        await actor.decide(decision(tenant, version=3))
        assert await state_of(admin, tenant) == "pending"
    assert fake_stripe.requests == []


async def test_an_older_block_that_arrives_after_its_lifting_does_nothing(
    admin: asyncpg.Pool, merchant: UUID, actor: Actor, fake_stripe: FakeStripe
) -> None:
    await actor.decide(decision(merchant, 1, Decision.ALLOW, version=2))
    await actor.decide(decision(merchant, version=1))

    assert await state_of(admin, merchant) is None


async def test_a_block_that_is_lifted_after_the_refund_contradicts_it(
    admin: asyncpg.Pool, merchant: UUID, actor: Actor, fake_stripe: FakeStripe
) -> None:
    fake_stripe.account(KEY).add("pi_1")
    await actor.decide(decision(merchant))
    await until(admin, merchant, "dispatched")

    await actor.decide(decision(merchant, 1, Decision.ALLOW, version=2))
    contradicted = await change(actor, status=ProviderActionStatus.DONE, contradiction="block_lifted")
    await actor.decide(decision(merchant, version=3))
    agreed = await change(actor, status=ProviderActionStatus.DONE, contradiction=None, decision_version=3)

    assert contradicted.revision < agreed.revision
    assert len(fake_stripe.requests) == 1


async def test_a_block_cannot_be_lifted_while_the_refund_is_being_made(
    admin: asyncpg.Pool, merchant: UUID, actor: Actor, fake_stripe: FakeStripe
) -> None:
    fake_stripe.account(KEY).add("pi_1")
    fake_stripe.inject(StripeFault(mode="hang"))
    await actor.decide(decision(merchant))
    await eventually(lambda: _is_started(admin))
    lifted = decision(merchant, 1, Decision.ALLOW, version=2)

    with pytest.raises(TransientError):
        await actor.decide(lifted)
    fake_stripe.inject(StripeFault())
    await until(admin, merchant, "dispatched")
    await actor.decide(lifted)

    await change(actor, status=ProviderActionStatus.DONE, contradiction="block_lifted")


async def test_an_intent_that_was_captured_before_it_could_be_cancelled_is_refunded(
    postgres_dsn: str, admin: asyncpg.Pool, fake_stripe: FakeStripe
) -> None:
    tenant = await open_merchant(admin, wait_seconds=60)
    async with running_actor(postgres_dsn, fake_stripe) as actor:
        await actor.decide(decision(tenant, **NOT_CAPTURED))
        await actor.decide(decision(tenant, version=2))

    rows = await admin.fetch("SELECT action, state, code FROM dispatch.provider_actions ORDER BY action")
    assert [tuple(row) for row in rows] == [("cancel", "suppressed", "captured"), ("refund", "pending", None)]


@pytest.mark.parametrize("disputed_first", [True, False])
async def test_a_disputed_payment_is_not_refunded(
    postgres_dsn: str, admin: asyncpg.Pool, fake_stripe: FakeStripe, disputed_first: bool
) -> None:
    tenant = await open_merchant(admin, wait_seconds=60)
    opened = reversal(DisputeOpened, tenant, dispute_id="dp_1")
    async with running_actor(postgres_dsn, fake_stripe) as actor:
        if disputed_first:
            await admin.execute(
                "INSERT INTO dispatch.reversals VALUES ($1, 'later', 'stripe:pi_1', $2, 1250, 'BRL', now())",
                tenant,
                opened.type,
            )
        await actor.decide(decision(tenant))
        await actor.prevent(opened)

        assert await state_of(admin, tenant) == "suppressed"
        await change(actor, status=ProviderActionStatus.WITHDRAWN, code="disputed")


@pytest.mark.parametrize(("full", "state"), [(True, "suppressed"), (False, "pending")])
async def test_only_a_full_refund_by_others_withdraws_ours(
    postgres_dsn: str, admin: asyncpg.Pool, fake_stripe: FakeStripe, full: bool, state: str
) -> None:
    tenant = await open_merchant(admin, wait_seconds=60)
    async with running_actor(postgres_dsn, fake_stripe) as actor:
        await actor.decide(decision(tenant))
        await actor.prevent(reversal(PaymentRefunded, tenant, refunded_minor=1250 if full else 50, full=full))

        assert await state_of(admin, tenant) == state


async def test_our_own_refund_that_comes_back_changes_nothing(
    admin: asyncpg.Pool, merchant: UUID, actor: Actor, fake_stripe: FakeStripe
) -> None:
    fake_stripe.account(KEY).add("pi_1")
    await actor.decide(decision(merchant))
    done = await change(actor, status=ProviderActionStatus.DONE)

    await actor.prevent(reversal(PaymentRefunded, merchant, refunded_minor=1250))

    assert await state_of(admin, merchant) == "dispatched"
    assert max(each.revision for each in actor.changes) == done.revision


async def test_what_is_left_of_a_partly_refunded_payment_is_refunded(
    admin: asyncpg.Pool, merchant: UUID, actor: Actor, fake_stripe: FakeStripe
) -> None:
    paid = fake_stripe.account(KEY).add("pi_1")
    fake_stripe.account(KEY).refund({"payment_intent": "pi_1", "amount": "250"})

    await actor.decide(decision(merchant))
    await until(admin, merchant, "dispatched")

    assert [refund["amount"] for refund in paid.refunds] == [250, 1000]


async def test_a_payment_that_is_known_by_its_invoice_is_refunded(
    admin: asyncpg.Pool, merchant: UUID, actor: Actor, fake_stripe: FakeStripe
) -> None:
    account = fake_stripe.account(KEY)
    paid = account.add("pi_1")
    account.invoices["in_1"] = "pi_1"

    await actor.decide(decision(merchant, payment_id="stripe:in_1"))
    await actor.decide(decision(merchant, payment_id="stripe:in_2"))
    await change(actor, payment_id="stripe:in_1", status=ProviderActionStatus.DONE, reference="re_1_1")
    await change(actor, payment_id="stripe:in_2", status=ProviderActionStatus.FAILED, code="no_intent")

    assert len(paid.refunds) == 1


async def test_two_replicas_refund_each_payment_once(
    postgres_dsn: str, admin: asyncpg.Pool, fake_stripe: FakeStripe, merchant: UUID
) -> None:
    account = fake_stripe.account(KEY)
    payments = [account.add(f"pi_{number}") for number in range(30)]
    async with running_actor(postgres_dsn, fake_stripe) as one, running_actor(postgres_dsn, fake_stripe) as other:
        blocked = [decision(merchant, number) for number in range(30)]
        await asyncio.gather(*(replica.decide(each) for each in blocked for replica in (one, other)))
        for number in range(30):
            await until(admin, merchant, "dispatched", number)

    assert all(len(each.refunds) == 1 for each in payments)
    assert len(fake_stripe.requests) == 30


async def test_a_process_that_dies_between_the_refund_and_its_record_leaves_one_refund(
    postgres_dsn: str, admin: asyncpg.Pool, fake_stripe: FakeStripe, merchant: UUID
) -> None:
    paid = fake_stripe.account(KEY).add("pi_1")
    short = replace(LIMITS, lease=timedelta(seconds=1))
    async with running_actor(postgres_dsn, fake_stripe, limits=short) as actor:
        # What the process that died left behind: a claim without a result, and a refund at Stripe.
        await admin.execute("UPDATE control.destinations SET enabled = false")
        await eventually(lambda: _disabled(actor, merchant))
        [destination] = actor.plane.destinations(merchant)
        await _insert_claimed(admin, merchant, destination.id)
        fake_stripe.account(KEY).refund({"payment_intent": "pi_1"})
        await admin.execute("UPDATE control.destinations SET enabled = true, updated_at = now()")
        await until(admin, merchant, "dispatched")

    assert len(paid.refunds) == 1


async def test_a_block_is_lifted_although_a_process_died_at_a_destination_that_is_disabled(
    admin: asyncpg.Pool, merchant: UUID, actor: Actor
) -> None:
    await admin.execute("UPDATE control.destinations SET enabled = false")
    await eventually(lambda: _disabled(actor, merchant))
    [destination] = actor.plane.destinations(merchant)
    await _insert_claimed(admin, merchant, destination.id)

    await actor.decide(decision(merchant, 1, Decision.ALLOW, version=2))

    # The refund may have been made.
    await change(actor, status=ProviderActionStatus.WITHDRAWN, contradiction="block_lifted")


async def test_a_refund_whose_answer_was_lost_is_repeated_with_the_same_key(
    admin: asyncpg.Pool, merchant: UUID, actor: Actor, fake_stripe: FakeStripe
) -> None:
    paid = fake_stripe.account(KEY).add("pi_1")
    fake_stripe.inject(StripeFault(mode="lost_answer"))
    await actor.decide(decision(merchant))
    await eventually(lambda: _has(paid))
    # Our own refund's webhook overtakes the answer.
    await eventually(lambda: _may_be_sent(admin))
    await actor.prevent(reversal(PaymentRefunded, merchant, refunded_minor=1250))
    fake_stripe.inject(StripeFault())
    await until(admin, merchant, "dispatched")

    assert len(paid.refunds) == 1
    assert len({request.idempotency_key for request in fake_stripe.requests}) == 1
    await change(actor, status=ProviderActionStatus.DONE, reference="re_1_1")


@pytest.mark.parametrize("mode", ["down", "throttled", "forbidden"])
async def test_refunds_wait_while_stripe_does_not_accept_them(
    admin: asyncpg.Pool, merchant: UUID, actor: Actor, fake_stripe: FakeStripe, mode: Any
) -> None:
    account = fake_stripe.account(KEY)
    payments = [account.add(f"pi_{number}") for number in range(10)]
    fake_stripe.inject(StripeFault(mode=mode))
    for number in range(10):
        await actor.decide(decision(merchant, number))
    await asyncio.sleep(1)
    assert {await state_of(admin, merchant, number) for number in range(10)} == {"pending"}

    fake_stripe.inject(StripeFault())
    for number in range(10):
        await until(admin, merchant, "dispatched", number)

    assert all(len(each.refunds) == 1 for each in payments)


async def test_a_key_that_is_refused_puts_stripe_on_hold_until_there_is_a_new_one(
    admin: asyncpg.Pool, merchant: UUID, actor: Actor, fake_stripe: FakeStripe
) -> None:
    await actor.decide(decision(merchant))
    await eventually(lambda: _on_hold(admin))
    new = "rk_live_51Nova"
    paid = fake_stripe.account(new).add("pi_1")

    async with admin.acquire() as connection:
        await add_destination(
            connection, KEYRING, merchant, "stripe", name="default", config={}, secret=new, actor=ACTOR
        )
    await until(admin, merchant, "dispatched")

    assert len(paid.refunds) == 1


async def test_a_refused_refund_fails_for_good_and_can_be_redriven(
    admin: asyncpg.Pool, merchant: UUID, actor: Actor, fake_stripe: FakeStripe
) -> None:
    fake_stripe.account(KEY)
    await actor.decide(decision(merchant))
    await until(admin, merchant, "failed")
    failed = await change(actor, status=ProviderActionStatus.FAILED, code="resource_missing")
    assert "Stripe says" in (failed.reason or "")

    paid = fake_stripe.account(KEY).add("pi_1")
    await actor.redrive(merchant, failed.action_id)
    await until(admin, merchant, "dispatched")

    assert len(paid.refunds) == 1
    assert len({request.idempotency_key for request in fake_stripe.requests}) == 2


async def test_a_stored_failure_of_stripe_is_not_asked_for_again_but_redriven(
    admin: asyncpg.Pool, merchant: UUID, actor: Actor, fake_stripe: FakeStripe
) -> None:
    paid = fake_stripe.account(KEY).add("pi_1")
    fake_stripe.inject(StripeFault(mode="failing"))
    await actor.decide(decision(merchant))
    await until(admin, merchant, "failed")
    fake_stripe.inject(StripeFault())
    await actor.redrive(merchant, (await change(actor)).action_id)
    await until(admin, merchant, "dispatched")

    # The first request did refund, although its answer was a failure.
    assert len(paid.refunds) == 1
    await change(actor, status=ProviderActionStatus.DONE, code="charge_already_refunded")


async def test_tenants_act_with_their_own_keys(
    postgres_dsn: str, admin: asyncpg.Pool, fake_stripe: FakeStripe, merchant: UUID
) -> None:
    other = await open_merchant(admin, "other", key="rk_live_51Outra")
    ours, theirs = fake_stripe.account(KEY).add("pi_1"), fake_stripe.account("rk_live_51Outra").add("pi_1")
    async with running_actor(postgres_dsn, fake_stripe) as actor:
        await actor.decide(decision(other))
        await until(admin, other, "dispatched")
        await actor.redrive(merchant, (await change(actor)).action_id)

    assert (len(ours.refunds), len(theirs.refunds)) == (0, 1)
    assert {request.key for request in fake_stripe.requests} == {"rk_live_51Outra"}


async def test_an_action_that_waits_is_not_carried_out_once_acting_is_switched_off(
    postgres_dsn: str, admin: asyncpg.Pool, fake_stripe: FakeStripe
) -> None:
    tenant = await open_merchant(admin)
    fake_stripe.account(KEY).add("pi_1")
    fake_stripe.inject(StripeFault(mode="down"))
    async with running_actor(postgres_dsn, fake_stripe) as actor:
        await actor.decide(decision(tenant))
        await eventually(lambda: _tried(fake_stripe))
        await admin.execute("DELETE FROM control.settings WHERE tenant_id = $1", tenant)
        await actor.plane.reload()
        fake_stripe.inject(StripeFault())
        await until(admin, tenant, "failed")

        await change(actor, status=ProviderActionStatus.FAILED, code="switched_off")
    assert not fake_stripe.account(KEY).payments["pi_1"].refunds


async def _insert_claimed(admin: asyncpg.Pool, tenant_id: UUID, destination_id: UUID) -> None:
    now = SystemClock().now()
    await admin.execute(
        """
        INSERT INTO dispatch.provider_actions
            (delivery_id, tenant_id, destination_id, destination_kind, payment_id, action, correlation_id, paid_at,
             amount_minor, currency, livemode, detection_id, decision_version, decided_by, state, due_at, attempts,
             started_at)
        VALUES ($1, $2, $3, 'stripe', 'stripe:pi_1', 'refund', $1, $4, 1250, 'BRL', true, $1, 1, 'risk', 'pending',
                $4, 1, $4)
        """,
        uuid4(),
        tenant_id,
        destination_id,
        now,
    )


async def _disabled(actor: Actor, tenant_id: UUID) -> bool:
    return not any(each.enabled for each in actor.plane.destinations(tenant_id))


async def _is_started(admin: asyncpg.Pool) -> bool:
    return bool(await admin.fetchval("SELECT count(*) FROM dispatch.provider_actions WHERE started_at IS NOT NULL"))


async def _may_be_sent(admin: asyncpg.Pool) -> bool:
    return bool(await admin.fetchval("SELECT count(*) FROM dispatch.provider_actions WHERE maybe_sent_at IS NOT NULL"))


async def _on_hold(admin: asyncpg.Pool) -> bool:
    return bool(await admin.fetchval("SELECT count(*) FROM dispatch.destination_states WHERE status = 'on_hold'"))


async def _has(paid: FakePayment) -> bool:
    return bool(paid.refunds)


async def _tried(fake_stripe: FakeStripe) -> bool:
    return bool(fake_stripe.requests)
