"""Erase one person's data in every service."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from orylo_api.access.audit import write_change
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.customers.models import CustomerPath
from orylo_api.customers.queries import find_customer
from orylo_api.erasures.job import KIND, erase_step, steps_of
from orylo_api.errors import Conflict, Invalid, NotFound
from orylo_api.http.examples import CUSTOMER_ID
from orylo_api.http.fields import CustomerId, RequestPart, ResponseBody
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Route
from orylo_api.jobs.models import Job
from orylo_api.jobs.starting import start_job
from orylo_common.postgres.pool import Connection

MAX_PAYMENTS = 5_000

# Two requests at once wait for each other.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 38))"
IS_UNFINISHED = """
    SELECT EXISTS (
        SELECT FROM api.jobs WHERE kind = $1 AND state IN ('queued', 'running') AND request -> 'people' ?| $2
    )
"""
SELECT_PAYMENTS = f"""
    SELECT payment_id FROM api.payments_view WHERE customer_id = ANY ($1) ORDER BY payment_id LIMIT {MAX_PAYMENTS + 1}
"""  # noqa: S608


class ErasureRequest(RequestPart):
    confirm: CustomerId | None = Field(
        default=None, description="the id of the path again; required unless `dry_run`", examples=[CUSTOMER_ID]
    )
    dry_run: bool = Field(default=False, description="count what would be erased, and erase nothing")


class ErasurePlan(ResponseBody):
    """What would be erased, or the job that erases it."""

    dry_run: bool
    people: list[str] = Field(description="all customers that are this person")
    payments: int = Field(ge=0, description="payments that stay, without the person", examples=[3])
    counts: dict[str, int] | None = Field(
        description="rows by service and kind of data; null unless it is a dry run",
        examples=[{"ingest.webhooks": 6, "dispatch.clicks": 2, "trust.accounts": 1, "api.customers": 1}],
    )
    job: Job | None = Field(description="the job; null for a dry run")


async def erase_customer(call: Call[CustomerPath, None, ErasureRequest]) -> ErasurePlan:
    customer = await find_customer(call.connection, call.path.id)
    if customer is None:
        raise NotFound("there is no such customer")
    payments = [row["payment_id"] for row in await call.connection.fetch(SELECT_PAYMENTS, customer.people)]
    if len(payments) > MAX_PAYMENTS:
        raise Conflict(f"the person has more than {MAX_PAYMENTS:,} payments", code="too_many_payments")
    plan = ErasurePlan(dry_run=call.body.dry_run, people=customer.people, payments=len(payments), counts=None, job=None)
    if call.body.dry_run:
        return plan.model_copy(update={"counts": await _count(call.connection, customer.people, payments)})
    if call.body.confirm != call.path.id:
        text = "type the customer's id to confirm"
        raise Invalid(text, [FieldProblem(field="body.confirm", message=text)])
    return plan.model_copy(update={"job": await _start(call, customer.people, payments)})


async def _start(call: Call[Any, Any, Any], people: Sequence[str], payments: Sequence[str]) -> Job:
    await call.connection.execute(LOCK, str(call.principal.tenant.id))
    if await call.connection.fetchval(IS_UNFINISHED, KIND, people):
        raise Conflict("the person is already being erased", code="already_running")
    request = {"people": people, "payments": payments}
    job = await start_job(call, KIND, request, total=steps_of(payments))
    # Without the customer's id: the audit log is kept.
    await write_change(call, action=KIND, subject=f"job {job.id}", after={"payments": len(payments)})
    return job


async def _count(connection: Connection, people: Sequence[str], payments: Sequence[str]) -> dict[str, int]:
    """Erase all in a transaction that is undone, so the counts are those of the job."""
    counts: Counter[str] = Counter()
    undone = connection.transaction()
    await undone.start()
    try:
        for number in range(steps_of(payments)):
            counts += await erase_step(connection, number, people, payments)
    finally:
        await undone.rollback()
    return dict(counts)


ROUTES = (
    Route(
        "POST",
        "/api/v1/customers/{id}/erase",
        erase_customer,
        Permission.ERASE_CUSTOMERS,
        "Erase a person's data in every service, in a job",
        path_values=CustomerPath,
        body=ErasureRequest,
        response=ErasurePlan,
        status=202,
        refuses={409, 429},
        description="For all customer ids of the person. Identifiers, addresses, devices, clicks, stored webhooks, "
        "notes and dead letters are erased, and conversions that wait are stopped. Amounts, states, decisions and sums "
        "stay, without the person. It cannot be undone. Afterwards the customer answers 404, and a later purchase "
        "begins a new history. The job is the receipt: its `counts` are rows by service and kind of data, such as "
        "`ingest.webhooks`. It does not name the person, and is kept for as long as the shop. 409 `already_running` "
        "while the person is being erased. It is safe to repeat. ",
    ),
)
