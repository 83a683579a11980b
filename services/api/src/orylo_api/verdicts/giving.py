"""Give one verdict in the transaction of a request: publish it, and audit it."""

from datetime import datetime
from typing import Any

from orylo_api.access import audit
from orylo_api.call import Call
from orylo_api.http import outbox
from orylo_api.verdicts.messages import verdict_given
from orylo_api.verdicts.queries import PaymentToJudge
from orylo_common.messages import PaymentVerdict, VerdictGiven


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
