"""Bulk actions of all subjects: count what is selected, then settle it in a job, in paced batches."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from time import monotonic
from typing import Any, Protocol
from uuid import UUID

import asyncpg

from orylo_api.access.audit import write_change
from orylo_api.call import Call
from orylo_api.errors import Conflict, Invalid
from orylo_api.http.problem_details import FieldProblem
from orylo_api.jobs.bulk_models import (
    MAX_ITEMS,
    BulkAction,
    BulkPlan,
    BulkRequest,
    MoneyTotal,
    Obstacle,
    ObstacleCount,
)
from orylo_api.jobs.run import JobRun
from orylo_api.jobs.starting import start_job
from orylo_common.postgres.pool import Connection

# Of one step, and so of one transaction.
BATCH = 20
# A batch may use at most half of the time, and at most 80 items are settled in a second.
SHORTEST_PAUSE_S = 0.25

# After a row of a batch: its created_at and id.
Position = tuple[datetime, UUID]


class Selection(Protocol):
    """Open items of one subject, by ids or by a filter."""

    @property
    def ids(self) -> Sequence[UUID] | None: ...

    async def count(self, connection: Connection) -> Mapping[str | None, int]:
        """Count the selected items by their obstacle to a replay. Counting stops beyond `MAX_ITEMS`."""

    async def count_states(self, connection: Connection) -> Mapping[str, int]:
        """Count the items with the ids by state, also those that are not open."""

    async def add_up(self, connection: Connection, *, with_obstacles: bool) -> Sequence[MoneyTotal]:
        """Add up the amounts of the selected items."""

    async def next_batch(
        self, connection: Connection, after: Position | None, limit: int, *, with_obstacles: bool
    ) -> Sequence[asyncpg.Record]:
        """Return the next items, newest first."""

    def stored(self) -> dict[str, Any]:
        """Return the selection as a job's request holds it."""


async def plan_or_start(call: Call[Any, Any, Any], kind: str, selection: Selection, asked: BulkRequest) -> BulkPlan:
    """Count what can be settled and, unless it is a dry run, start the job of `kind` that settles it.

    Raises `Conflict` if the count is not the expected one, and `Invalid` if too many are selected.
    """
    plan = await make_plan(call.connection, selection, asked.action, dry_run=asked.dry_run)
    if asked.dry_run:
        return plan
    if asked.expected is not None and asked.expected != plan.count:
        text = f"{plan.count} are selected now, and {asked.expected} were expected: look again"
        raise Conflict(text, code="count_changed")
    if not plan.count:
        return plan
    request = {"action": asked.action.value, "reason": asked.reason, "selection": selection.stored()}
    job = await start_job(call, kind, request, total=plan.count)
    after = {"job": str(job.id), "count": plan.count, "reason": asked.reason}
    await write_change(call, action=f"{kind}_{asked.action}", subject=f"job {job.id}", after=after)
    return plan.model_copy(update={"job": job})


async def make_plan(connection: Connection, selection: Selection, action: BulkAction, *, dry_run: bool) -> BulkPlan:
    discards = action is BulkAction.DISCARD
    counts = Counter(await selection.count(connection))
    if counts.total() > MAX_ITEMS:
        text = f"more than {MAX_ITEMS:,} are selected: narrow the filter"
        raise Invalid(text, [FieldProblem(field="body.filter", message=text)])
    cannot: Counter[str] = Counter()
    if not discards:
        cannot.update({name: number for name, number in counts.items() if name is not None})
    if selection.ids is not None:
        states = Counter(await selection.count_states(connection))
        cannot[Obstacle.ALREADY_SETTLED] = states.total() - states["open"]
        cannot[Obstacle.NOT_FOUND] = len(set(selection.ids)) - states.total()
    return BulkPlan(
        dry_run=dry_run,
        action=action,
        count=counts.total() if discards else counts[None],
        cannot=[
            ObstacleCount(reason=Obstacle(name), count=number) for name, number in sorted(cannot.items()) if number
        ],
        money=list(await selection.add_up(connection, with_obstacles=discards)),
        job=None,
    )


# Settle the rows of a batch in the step's transaction, and count them in the run.
Settle = Callable[[Connection, Sequence[asyncpg.Record]], Awaitable[None]]


async def settle_in_batches(run: JobRun, selection: Selection, settle: Settle) -> None:
    """Settle what is selected, a batch in each step, with pauses: other users of the database come first."""
    discards, more = run.request["action"] == BulkAction.DISCARD, True
    while more:
        started = monotonic()
        async with run.step() as connection:
            after = None if run.position is None else (datetime.fromisoformat(run.position[0]), UUID(run.position[1]))
            rows = await selection.next_batch(connection, after, BATCH, with_obstacles=discards)
            if rows:
                await settle(connection, rows)
                run.done += len(rows)
                run.position = [rows[-1]["created_at"].isoformat(), str(rows[-1]["id"])]
            more = len(rows) == BATCH
        if more:
            await run.pause(max(SHORTEST_PAUSE_S, monotonic() - started))
