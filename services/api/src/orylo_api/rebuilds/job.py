"""The job that makes a tenant's read models again, while messages are projected and readers see the old rows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic

import orjson

from orylo_api.access.roles import Permission
from orylo_api.customers.projection import CustomerProjection
from orylo_api.jobs.kind import JobKind
from orylo_api.jobs.run import JobRun
from orylo_api.payments.projection import PaymentProjection
from orylo_api.read_models.claims import Claims
from orylo_api.read_models.effects import Effects
from orylo_api.read_models.rebuilding import oldest_period, periods, rebuild_period
from orylo_api.verdicts.projection import EvidenceProjection
from orylo_common.messages import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    FraudWarningReceived,
    Message,
    PaymentFact,
    UndecodableMessage,
    decode,
)
from orylo_common.postgres.pool import Connection

KIND = "read_models.rebuild"
EVIDENCE = (DisputeOpened, DisputeWon, DisputeLost, FraudWarningReceived)
# Before every stored webhook.
BEGINNING = "1970-01-01T00:00:00+00:00,00000000-0000-0000-0000-000000000000"
# A gateway's clock may be ahead.
AHEAD = timedelta(days=2)


async def rebuild(run: JobRun) -> None:
    """Restore the rows of payments from the stored webhooks, then sum the rollups of each day again.

    Each step may be repeated: rows are merged by the keys of their events, and a day's sums are replaced.
    """
    after = BEGINNING if run.position is None else run.position["after"]
    while after is not None:
        after = await _restore_page(run, after)
    while (day := run.position["day"]) is not None:
        await _sum_day(run, datetime.fromisoformat(day))


async def _restore_page(run: JobRun, after: str) -> str | None:
    """Restore a page of webhooks, and return the position after it; None after the last one."""
    page = await run.unless_canceled(run.services.ingest.read_messages(run.tenant_id, after))
    started = monotonic()
    messages = [message for body in page["items"] if (message := _decoded(orjson.dumps(body))) is not None]
    reached = ",".join(page["reached"]) if page["reached"] else None
    async with run.step() as connection:
        # The step's own role may not write read models.
        async with run.services.private_pool.acquire() as writer, writer.transaction():
            await restore(writer, messages)
        run.done += page["webhooks"]
        run.counts = {**run.counts, "webhooks_read": run.done}
        day = None
        if reached is None:
            start, now = await oldest_period(connection), run.services.clock.now()
            days = list(periods(start, now + AHEAD)) if start else []
            day, run.total = (days[0][0].isoformat() if days else None), run.done + len(days)
        run.position = {"after": reached, "day": day}
    if reached is not None:
        await run.pause(monotonic() - started)
    return reached


def _decoded(body: bytes) -> Message | None:
    try:
        return decode(body)
    except UndecodableMessage:
        return None


async def restore(connection: Connection, messages: Sequence[Message]) -> None:
    """Write the rows of payments, customers and disputes of messages, which count for nothing else: they did before."""
    effects = Effects(Claims(set()))
    payments, evidence, customers = PaymentProjection(), EvidenceProjection(), CustomerProjection()
    for message in messages:
        if isinstance(message, PaymentFact):
            payments.fold(message, effects)
        if isinstance(message, EVIDENCE):
            evidence.fold(message, effects)
        if isinstance(message, PaymentFact | FraudWarningReceived):
            customers.fold(message, effects)
    rollups = effects.rollup_changes()
    await rollups.begin(connection)
    for projection in (payments, evidence, customers):
        await projection.write(connection)
    await rollups.finish(connection)


async def _sum_day(run: JobRun, day: datetime) -> None:
    started = monotonic()
    async with run.step() as connection:
        async with run.services.private_pool.acquire() as writer:
            await rebuild_period(writer, day, day + timedelta(days=1), run.tenant_id)
        run.done += 1
        run.counts = {**run.counts, "days_summed": run.counts.get("days_summed", 0) + 1}
        start, before = await oldest_period(connection), day - timedelta(days=1)
        more = start is not None and before >= start
        run.position = {"after": None, "day": before.isoformat() if more else None}
        if not more:
            run.total = run.done
    if more:
        await run.pause(monotonic() - started)


REBUILD = JobKind(KIND, Permission.REBUILD, rebuild)
