"""Give one verdict in a transaction: close the review case, publish the verdict, and audit it."""

from datetime import datetime
from typing import Any

from orylo_api.access import audit
from orylo_api.call import Call
from orylo_api.errors import Conflict, NotFound
from orylo_api.http import outbox
from orylo_api.onboarding.sample_sales import SAMPLE_PAYMENT_IDS
from orylo_api.review.work import CaseWorker, settle_if_open
from orylo_api.verdicts.messages import verdict_given
from orylo_api.verdicts.queries import PaymentToJudge, find_judged
from orylo_common.messages import PaymentVerdict, VerdictGiven
from orylo_common.postgres.pool import Connection


async def close_case(
    connection: Connection, payment_id: str, verdict: PaymentVerdict, worker: CaseWorker, now: datetime
) -> PaymentToJudge:
    """Close the payment's case, if it is open, and return the payment as it was before the verdict.

    A withdrawal closes no case. Raises `NotFound`, `Conflict` for a sample sale, and `HeldByAnother` if another person
    has the case open.
    """
    if payment_id in SAMPLE_PAYMENT_IDS:
        raise Conflict("a sample sale takes no verdict; try it on a sale of your own", code="sample_sale")
    judged = (await find_judged(connection, [payment_id])).get(payment_id)
    if judged is None:
        raise NotFound("there is no such payment")
    if verdict is not PaymentVerdict.WITHDRAWN:
        await settle_if_open(connection, payment_id, worker, now)
    return judged


async def give(
    call: Call[Any, Any, Any],
    payment_id: str,
    judged: PaymentToJudge,
    verdict: PaymentVerdict,
    reason: str | None,
    now: datetime,
) -> VerdictGiven:
    """The detector learns from the verdict, trust posts it to the ledger, and the read model follows.

    `now` is the time of the whole request: what else it records must not be older than its verdict.
    """
    user = call.principal
    message = verdict_given(
        user.tenant.id,
        payment_id,
        judged.customer_id,
        verdict,
        reason,
        actor=f"{user.kind}:{user.id}",
        now=now,
    )
    await outbox.publish(call, message)
    await audit.write_change(
        call,
        action="payment.give_verdict",
        subject=f"payment {payment_id}",
        before={"verdict": judged.verdict, "reason": judged.reason},
        after={"verdict": verdict, "reason": reason},
    )
    return message
