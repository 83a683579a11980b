"""Many dead letters, webhooks or conversions at once: counted first, then settled in a job."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from orylo_api.dead_letters.projection import DeadLetterRow
from orylo_api.jobs import bulk
from orylo_common.control.models import Role
from orylo_common.ids import uuid7
from orylo_common.messages import ConversionFailed, ConversionRedriveRequested, PaymentSucceeded, decode
from tests.integration.api.conftest import Api, empty
from tests.support.eventually import eventually
from tests.unit.api.builders import conversion, payment, quarantined, replayed

pytestmark = pytest.mark.integration

REPLAY = {"filter": {}, "action": "replay"}


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


@pytest.fixture(autouse=True)
async def _empty(api: Api, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr(bulk, "SHORTEST_PAUSE_S", 0.0)
    await empty(api.pool, "dead_letters", "conversions_view", "quarantine_view", "payments_view", "jobs", "claims")
    yield
    await empty(api.pool, "dead_letters", "conversions_view", "quarantine_view", "payments_view", "jobs", "claims")


async def post(client: aiohttp.ClientSession, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    async with client.post(f"/api/v1/{path}", json=body, headers=headers) as response:
        return response.status, await response.json()


async def ended(client: aiohttp.ClientSession, plan: Any) -> Any:
    """Wait for the plan's job to end, and return it."""
    job: Any = None

    async def there() -> bool:
        nonlocal job
        async with client.get(f"/api/v1/jobs/{plan['job']['id']}") as response:
            job = await response.json()
        return job["finished_at"] is not None

    await eventually(there)
    return job


def failed(api: Api, number: int = 1, **changes: Any) -> ConversionFailed:
    at = api.clock.now() - timedelta(minutes=number)
    about = {"tenant_id": api.a.tenant.id, "payment_id": f"stripe:pi_{number}", "occurred_at": at}
    return conversion(ConversionFailed, **{**about, **changes})


def dead_message(api: Api, payment_id: str, source: str = "detector") -> DeadLetterRow:
    now = api.clock.now()
    return DeadLetterRow(
        tenant_id=api.a.tenant.id, id=uuid7(), source=source, kind="message", subject_id=uuid7(),
        type="payment.succeeded.v1", subject=payment_id, reason="ZeroDivisionError", code=None, attempts=1,
        body=b"{}", first_failed_at=now, created_at=now,
    )  # fmt: skip


async def messages_to(api: Api, queue: str) -> list[bytes]:
    rows = await api.pool.fetch(
        "SELECT coalesce(d.body, m.body) AS body FROM bus.deliveries AS d "
        "LEFT JOIN bus.messages AS m USING (message_no) WHERE d.queue = $1",
        queue,
    )
    return [row["body"] for row in rows]


async def redriven(api: Api) -> list[UUID]:
    """Return the conversions that dispatch is asked to send again."""
    requests = [decode(body) for body in await messages_to(api, "dispatch")]
    return [each.conversion_id for each in requests if isinstance(each, ConversionRedriveRequested)]


async def test_a_dry_run_counts_what_can_be_replayed_with_its_money_and_does_nothing(
    api: Api, machine: aiohttp.ClientSession
) -> None:
    await api.project(failed(api, 1), failed(api, 2), failed(api, 3, currency="USD", amount_minor=300))
    # Their conversions are older than seven days, or deleted.
    old, gone = failed(api, 4, conversion_id=uuid4()), failed(api, 5)
    await api.project(old, gone)
    await api.pool.execute(
        "UPDATE api.conversions_view SET created_at = $2 WHERE id = $1",
        old.conversion_id,
        api.clock.now() - timedelta(days=7),
    )
    await api.pool.execute("DELETE FROM api.conversions_view WHERE id = $1", gone.conversion_id)

    status, plan = await post(machine, "dead-letters/bulk", {**REPLAY, "dry_run": True})

    assert (status, plan["dry_run"], plan["count"], plan["job"]) == (200, True, 3, None)
    assert plan["cannot"] == [{"reason": "gone", "count": 1}, {"reason": "too_old", "count": 1}]
    assert plan["money"] == [
        {"currency": "BRL", "amount_minor": 2500},
        {"currency": "USD", "amount_minor": 300},
    ]
    assert await api.pool.fetchval("SELECT count(*) FROM api.jobs") == 0
    assert await api.pool.fetchval("SELECT count(*) FROM api.dead_letters WHERE state = 'open'") == 5


async def test_many_are_replayed_in_a_job_each_with_its_line_in_the_audit_log(
    api: Api, machine: aiohttp.ClientSession
) -> None:
    many = [failed(api, number) for number in range(1, bulk.BATCH + 6)]
    await api.project(*many)

    body = {**REPLAY, "filter": {"source": "dispatch", "cause": "190"}, "expected": len(many)}
    status, plan = await post(machine, "dead-letters/bulk", body)
    assert (status, plan["job"]["kind"], plan["job"]["total"]) == (200, "dead_letters.bulk", len(many))
    job = await ended(machine, plan)

    assert (job["state"], job["done"], job["counts"]) == ("done", len(many), {"replayed": len(many)})
    assert set(await redriven(api)) == {each.conversion_id for each in many}
    lines = await api.pool.fetch(
        "SELECT actor, after FROM control.audit_log WHERE action = 'dead_letter.replay' AND after->>'job' = $1",
        job["id"],
    )
    assert [line["actor"] for line in lines] == ["machine"] * len(many)

    await api.project(failed(api, 1, conversion_id=many[0].conversion_id, occurred_at=api.clock.now()))
    async with machine.get(f"/api/v1/jobs/{job['id']}") as response:
        assert (await response.json())["counts"] == {"replayed": len(many), "failed_again": 1}


async def test_a_repeated_request_starts_one_job(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(failed(api))
    key = {"Idempotency-Key": str(uuid7())}
    _, first = await post(machine, "dead-letters/bulk", REPLAY, **key)
    _, second = await post(machine, "dead-letters/bulk", REPLAY, **key)
    assert first == second
    await ended(machine, first)
    assert len(await messages_to(api, "dispatch")) == 1


async def test_messages_return_to_their_queues_and_a_payment_counts_once(
    api: Api, machine: aiohttp.ClientSession
) -> None:
    paid = payment(PaymentSucceeded, tenant_id=api.a.tenant.id, payment_id="stripe:pi_twice", amount_minor=900)
    await api.project(paid, dead_message(api, paid.payment_id), dead_message(api, paid.payment_id))
    await api.project(dead_message(api, paid.payment_id, "trust"))

    _, plan = await post(machine, "dead-letters/bulk", {**REPLAY, "filter": {"source": "detector"}})

    assert (plan["count"], plan["money"]) == (2, [{"currency": paid.currency, "amount_minor": 900}])
    assert (await ended(machine, plan))["counts"] == {"replayed": 2}
    assert await messages_to(api, "detector") == [b"{}", b"{}"]
    assert await messages_to(api, "trust") == []


async def test_a_discard_needs_a_reason_and_the_count(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(failed(api, 1), failed(api, 2))
    discard = {"filter": {}, "action": "discard"}
    for incomplete in (discard, {**discard, "reason": "old"}, {**discard, "expected": 2}):
        assert (await post(machine, "dead-letters/bulk", incomplete))[0] == 422
    status, problem = await post(machine, "dead-letters/bulk", {**discard, "reason": "old", "expected": 3})
    assert (status, problem["code"]) == (409, "count_changed")

    _, plan = await post(machine, "dead-letters/bulk", {**discard, "reason": "old", "expected": 2})

    assert (await ended(machine, plan))["counts"] == {"discarded": 2}
    rows = await api.pool.fetch("SELECT state, settled_reason FROM api.dead_letters")
    assert [tuple(row) for row in rows] == [("discarded", "old")] * 2


async def test_ids_select_too_and_those_of_others_are_not_found(api: Api, machine: aiohttp.ClientSession) -> None:
    ours, settled, theirs = failed(api, 1), failed(api, 2), failed(api, 3, tenant_id=api.b.tenant.id)
    await api.project(ours, settled, theirs)
    await api.pool.execute(
        "UPDATE api.dead_letters SET state = 'resolved' WHERE subject_id = $1", settled.conversion_id
    )
    ids = [str(row["id"]) for row in await api.pool.fetch("SELECT id FROM api.dead_letters")]

    _, plan = await post(machine, "dead-letters/bulk", {"ids": ids, "action": "replay"})

    assert plan["count"] == 1
    assert plan["cannot"] == [{"reason": "already_settled", "count": 1}, {"reason": "not_found", "count": 1}]
    await ended(machine, plan)
    states = await api.pool.fetch("SELECT state FROM api.dead_letters WHERE tenant_id = $1", api.b.tenant.id)
    assert [row["state"] for row in states] == ["open"]
    both = {"ids": ids, "filter": {}, "action": "replay"}
    assert (await post(machine, "dead-letters/bulk", both))[0] == 422


async def test_nothing_selected_starts_no_job(machine: aiohttp.ClientSession) -> None:
    for path, body in (
        ("dead-letters/bulk", REPLAY),
        ("quarantine/bulk", REPLAY),
        ("conversions/retry", {"filter": {}}),
    ):
        status, plan = await post(machine, path, body)
        assert (status, plan["count"], plan["job"]) == (200, 0, None), path


async def test_analysts_may_settle_nothing_in_bulk(api: Api) -> None:
    analyst = api.client((await api.user(api.a, Role.ANALYST, f"{uuid7()}@example.com")).bearer)
    for path in ("dead-letters/bulk", "quarantine/bulk", "conversions/retry"):
        assert (await post(analyst, path, {**REPLAY, "dry_run": True}))[0] in {403, 422}, path


async def test_failed_conversions_are_retried_by_destination_or_id(api: Api, machine: aiohttp.ClientSession) -> None:
    other_destination = uuid7()
    first, second = failed(api, 1), failed(api, 2, destination_id=other_destination)
    await api.project(first, second, dead_message(api, "stripe:pi_1"))

    _, dry = await post(machine, "conversions/retry", {"filter": {"destination": "meta"}, "dry_run": True})
    assert (dry["count"], dry["money"]) == (2, [{"currency": "BRL", "amount_minor": 2500}])
    _, plan = await post(machine, "conversions/retry", {"filter": {"destination_id": str(other_destination)}})
    await ended(machine, plan)
    assert await redriven(api) == [second.conversion_id]

    _, plan = await post(machine, "conversions/retry", {"ids": [str(first.conversion_id), str(second.conversion_id)]})
    assert (plan["count"], plan["cannot"]) == (1, [{"reason": "already_settled", "count": 1}])
    assert (await ended(machine, plan))["counts"] == {"replayed": 1}


async def test_quarantined_webhooks_are_replayed_and_those_that_fail_again_are_counted(
    api: Api, machine: aiohttp.ClientSession
) -> None:
    webhooks = [quarantined(tenant_id=api.a.tenant.id) for _ in range(3)]
    contradiction = quarantined(tenant_id=api.a.tenant.id, kind="conflict")
    await api.project(*webhooks, contradiction)

    _, plan = await post(machine, "quarantine/bulk", REPLAY)
    assert (plan["count"], plan["cannot"]) == (3, [{"reason": "conflict", "count": 1}])
    job = await ended(machine, plan)
    assert (job["state"], job["counts"]) == ("done", {"replayed": 3})

    async def published() -> bool:
        return len(await messages_to(api, "ingest")) == 3

    await eventually(published)
    later = api.clock.now() + timedelta(seconds=1)
    await api.project(replayed(webhooks[0], status="quarantined", occurred_at=later))
    await api.project(replayed(webhooks[1], status="published", occurred_at=later))
    async with machine.get(f"/api/v1/jobs/{job['id']}") as response:
        assert (await response.json())["counts"] == {"replayed": 3, "failed_again": 1}


async def test_quarantined_webhooks_are_discarded_with_contradictions_too(
    api: Api, machine: aiohttp.ClientSession
) -> None:
    await api.project(quarantined(tenant_id=api.a.tenant.id), quarantined(tenant_id=api.a.tenant.id, kind="conflict"))
    body = {"filter": {"gateway": "stripe"}, "action": "discard", "reason": "sent by hand", "expected": 2}
    _, plan = await post(machine, "quarantine/bulk", body)
    assert (await ended(machine, plan))["counts"] == {"discarded": 2}
    rows = await api.pool.fetch("SELECT state, discarded_by, discarded_reason FROM api.quarantine_view")
    assert [tuple(row) for row in rows] == [("discarded", "machine", "sent by hand")] * 2


async def test_what_a_person_settles_meanwhile_is_skipped(api: Api, machine: aiohttp.ClientSession) -> None:
    """A row leaves the selection before its batch is read: the job ends with what is left."""
    await api.project(failed(api, 1), failed(api, 2))
    blocker = await api.pool.acquire()
    transaction = blocker.transaction()
    await transaction.start()
    row: UUID = await blocker.fetchval(
        "UPDATE api.dead_letters SET state = 'discarded' WHERE id = (SELECT min(id::text)::uuid FROM api.dead_letters) "
        "RETURNING id"
    )
    _, plan = await post(machine, "dead-letters/bulk", REPLAY)
    await transaction.commit()
    await api.pool.release(blocker)

    job = await ended(machine, plan)
    assert (job["state"], job["counts"]["replayed"]) == ("done", 1)
    assert await api.pool.fetchval("SELECT state FROM api.dead_letters WHERE id = $1", row) == "discarded"
