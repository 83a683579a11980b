"""The review queue: payments that a person must decide. Two people never decide one case."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg

from orylo_api.access import audit
from orylo_api.access.authentication import authorise
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.customers.models import CustomerSummary, StatusRequest
from orylo_api.customers.queries import find_customer
from orylo_api.customers.status import put_status
from orylo_api.errors import Invalid
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Route
from orylo_api.review import decisions, queries, work
from orylo_api.review.models import (
    CASE_CHANGED,
    AssignRequest,
    CaseChangeKind,
    CasePath,
    CaseQuery,
    CaseVerdictAccepted,
    CaseVerdictRequest,
    LaterRequest,
    ReviewCase,
    ReviewCasePage,
    ReviewerList,
    ReviewSummary,
    ReviewSummaryQuery,
)
from orylo_api.verdicts.giving import give
from orylo_api.verdicts.queries import PaymentToJudge, find_judged
from orylo_common.messages import PaymentVerdict, TrustStatus

LONGEST_DELAY = timedelta(days=90)
HELD = "While another person has the case open, the response is 409 `case_held`, and `holder` names them. "


async def list_review_cases(call: Call[None, CaseQuery, None]) -> ReviewCasePage:
    items, next_cursor = await queries.list_cases(call.connection, call.query, _worker(call), call.services.clock.now())
    return ReviewCasePage(items=items, next_cursor=next_cursor)


async def summarise_review(call: Call[None, ReviewSummaryQuery, None]) -> ReviewSummary:
    return await queries.read_summary(call.connection, _worker(call), call.query.timezone, call.services.clock.now())


async def list_reviewers(call: Call[None, None, None]) -> ReviewerList:
    return await queries.list_reviewers(call.connection)


async def show_review_case(call: Call[CasePath, None, None]) -> ReviewCase:
    return await _case(call, await work.find(call.connection, call.path.id))


async def claim_review_case(call: Call[CasePath, None, None]) -> ReviewCase:
    now = call.services.clock.now()
    row = await work.claim(call.connection, call.path.id, _worker(call), now)
    # Renewing a claim changes nothing for others.
    if row["claimed_at"] == now:
        await _note_change(call, row, CaseChangeKind.CLAIMED, {})
    return await _case(call, row)


async def release_review_case(call: Call[CasePath, None, None]) -> ReviewCase:
    row = await work.release(call.connection, call.path.id, _worker(call), call.services.clock.now())
    await _note_change(call, row, CaseChangeKind.RELEASED, {})
    return await _case(call, row)


async def postpone_review_case(call: Call[CasePath, None, LaterRequest]) -> ReviewCase:
    now, until = call.services.clock.now(), call.body.until
    if not now < until <= now + LONGEST_DELAY:
        raise _invalid("body.until", f"must be in the future, and at most {LONGEST_DELAY.days} days ahead")
    row = await work.postpone(call.connection, call.path.id, _worker(call), until, now)
    await _note_change(call, row, CaseChangeKind.POSTPONED, {"until": until.isoformat()})
    return await _case(call, row)


async def assign_review_case(call: Call[CasePath, None, AssignRequest]) -> ReviewCase:
    member = None
    if call.body.member is not None:
        member = await queries.find_reviewer(call.connection, call.body.member)
        if member is None:
            raise _invalid("body.member", "must be the email address of a member who may give verdicts")
    row = await work.assign(call.connection, call.path.id, member)
    await _note_change(call, row, CaseChangeKind.ASSIGNED, {"member": member and member.name})
    return await _case(call, row)


async def decide_review_case(call: Call[CasePath, None, CaseVerdictRequest]) -> CaseVerdictAccepted:
    """Close the case and give the verdict. The case stays locked until both are committed."""
    payment_id, requested, worker = call.path.id, call.body, _worker(call)
    now = call.services.clock.now()
    row = await work.lock_open(call.connection, payment_id, worker, now)
    blocked = await _customer_to_block(call, row)
    judged = (await find_judged(call.connection, [payment_id])).get(payment_id) or PaymentToJudge(row["customer_id"])
    message = await give(call, payment_id, judged, requested.verdict, requested.reason, now)
    if blocked is not None:
        reason = requested.reason or f"fraud: payment {payment_id}"[:500]
        status = StatusRequest(status=TrustStatus.BLOCKED, expires_at=requested.block_until, reason=reason)
        await put_status(call, blocked, status, now)
    decision = decisions.CaseDecision(message.verdict_id, payment_id, requested.verdict, now, blocked)
    await decisions.record(call.connection, decision, worker)
    row = await work.settle(call.connection, payment_id, worker, now)
    _send_change(call, row, CaseChangeKind.DECIDED)
    return CaseVerdictAccepted(
        payment_id=payment_id,
        verdict_id=message.verdict_id,
        verdict=requested.verdict,
        blocked_customer=blocked and blocked.id,
        actor=worker.name,
        accepted_at=now,
        undo_until=now + decisions.UNDO_WITHIN,
    )


async def undo_review_decision(call: Call[CasePath, None, None]) -> ReviewCase:
    """Withdraw the verdict, and give the customer that was blocked with it the status from before."""
    payment_id, worker, now = call.path.id, _worker(call), call.services.clock.now()
    undone = await decisions.mark_undone(call.connection, payment_id, worker, now)
    row = await work.find(call.connection, payment_id)
    judged = PaymentToJudge(row["customer_id"], PaymentVerdict(undone["verdict"]))
    await give(call, payment_id, judged, PaymentVerdict.WITHDRAWN, None, now)
    if undone["customer_id"] is not None:
        await _restore_status(call, undone, now)
    row = await work.reopen(call.connection, payment_id, worker, now)
    _send_change(call, row, CaseChangeKind.REOPENED)
    # The read model may still have the verdict, which the message takes back.
    return (await _case(call, row)).model_copy(update={"open": True, "holder": work.holder_of(row, now)})


async def _customer_to_block(
    call: Call[CasePath, None, CaseVerdictRequest], row: asyncpg.Record
) -> CustomerSummary | None:
    requested = call.body
    if not requested.block_customer:
        if requested.block_until is not None:
            raise _invalid("body.block_until", "needs `block_customer`")
        return None
    authorise(call.principal, Permission.SET_CUSTOMER_STATUS)
    if requested.verdict is not PaymentVerdict.FRAUD:
        raise _invalid("body.block_customer", "only the buyer of a fraud is blocked")
    if requested.block_until is not None and requested.block_until <= call.services.clock.now():
        raise _invalid("body.block_until", "must be in the future")
    customer = await find_customer(call.connection, row["customer_id"]) if row["customer_id"] else None
    if customer is None:
        raise _invalid("body.block_customer", "the payment names no known customer")
    return customer


async def _restore_status(call: Call[CasePath, None, None], undone: asyncpg.Record, now: datetime) -> None:
    customer = await find_customer(call.connection, undone["customer_id"])
    if customer is None or await decisions.has_later_status(call.connection, customer.id, undone["decided_at"]):
        return
    status, expires_at = TrustStatus(undone["status_before"]), undone["status_before_expires_at"]
    if expires_at is not None and expires_at <= now:
        status, expires_at = TrustStatus.NEUTRAL, None
    reason = f"the verdict on payment {undone['payment_id']} was undone"[:500]
    await put_status(call, customer, StatusRequest(status=status, expires_at=expires_at, reason=reason), now)


async def _note_change(
    call: Call[CasePath, None, Any], row: asyncpg.Record, kind: CaseChangeKind, after: dict[str, Any]
) -> None:
    """Audit the change, and report it to open streams."""
    await audit.write_change(call, action=f"review.{kind}", subject=f"payment {row['payment_id']}", after=after or None)
    _send_change(call, row, kind)


def _send_change(call: Call[CasePath, None, Any], row: asyncpg.Record, kind: CaseChangeKind) -> None:
    call.stream(CASE_CHANGED, queries.change_of(row, kind, call.principal.name, call.services.clock.now()))


async def _case(call: Call[CasePath, None, Any], row: asyncpg.Record) -> ReviewCase:
    (case,) = await queries.cases_of(call.connection, [row], call.services.clock.now())
    return case


def _worker(call: Call[Any, Any, Any]) -> work.CaseWorker:
    return work.CaseWorker(call.principal.id, call.principal.name)


def _invalid(field: str, message: str) -> Invalid:
    return Invalid("the request is invalid", [FieldProblem(field=field, message=message)])


ROUTES = (
    Route(
        "GET",
        "/api/v1/review",
        list_review_cases,
        Permission.READ,
        "Payments that a person must decide, worst first",
        description=(
            "A payment is here while its current decision is review and it has no verdict. "
            "Cases that are put off return at their time."
        ),
        query=CaseQuery,
        response=ReviewCasePage,
    ),
    Route(
        "GET",
        "/api/v1/review/summary",
        summarise_review,
        Permission.READ,
        "Counts of the queue, the oldest case, and today's verdicts",
        description=(
            "The caller's own cases are counted too. The median is of verdicts on cases that were claimed before."
        ),
        query=ReviewSummaryQuery,
        response=ReviewSummary,
    ),
    Route(
        "GET",
        "/api/v1/review/reviewers",
        list_reviewers,
        Permission.READ,
        "The members that a case can be assigned to",
        description=("Members who may give verdicts and whose account is not disabled."),
        response=ReviewerList,
    ),
    Route(
        "GET",
        "/api/v1/review/{id}",
        show_review_case,
        Permission.READ,
        "One case, also if it is closed",
        description=("A payment that was never reviewed has no case."),
        path_values=CasePath,
        response=ReviewCase,
    ),
    Route(
        "POST",
        "/api/v1/review/{id}/claim",
        claim_review_case,
        Permission.GIVE_VERDICTS,
        "Open a case for 5 minutes, or renew that time",
        path_values=CasePath,
        response=ReviewCase,
        description=HELD,
    ),
    Route(
        "POST",
        "/api/v1/review/{id}/release",
        release_review_case,
        Permission.GIVE_VERDICTS,
        "Release a case before its time ends",
        description=("Others can claim it at once. Without a claim, nothing changes."),
        path_values=CasePath,
        response=ReviewCase,
    ),
    Route(
        "POST",
        "/api/v1/review/{id}/later",
        postpone_review_case,
        Permission.GIVE_VERDICTS,
        "Put a case off until a certain time",
        path_values=CasePath,
        body=LaterRequest,
        response=ReviewCase,
        description=HELD,
    ),
    Route(
        "POST",
        "/api/v1/review/{id}/assign",
        assign_review_case,
        Permission.GIVE_VERDICTS,
        "Assign a case to a member, or take the assignment back",
        description=("An assignment shows whose a case is. It does not keep others from claiming it."),
        path_values=CasePath,
        body=AssignRequest,
        response=ReviewCase,
    ),
    Route(
        "POST",
        "/api/v1/review/{id}/verdict",
        decide_review_case,
        Permission.GIVE_VERDICTS,
        "Decide a case: legitimate or fraud, and block the buyer if wanted",
        path_values=CasePath,
        body=CaseVerdictRequest,
        response=CaseVerdictAccepted,
        status=202,
        description=HELD,
    ),
    Route(
        "POST",
        "/api/v1/review/{id}/undo",
        undo_review_decision,
        Permission.GIVE_VERDICTS,
        "Undo one's own verdict within 10 minutes: the case and the buyer's status are as before",
        description=(
            "The verdict is withdrawn, and the case is held for the caller again. A later verdict, or a later "
            "status of the buyer, is another person's and stays."
        ),
        path_values=CasePath,
        response=ReviewCase,
        status=202,
    ),
)
