"""Verdicts of people and of the merchant's own systems on payments."""

from orylo_api.access import audit
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import NotFound
from orylo_api.http import outbox
from orylo_api.http.route import Route
from orylo_api.payments.models import PaymentPath
from orylo_api.verdicts.messages import verdict_given
from orylo_api.verdicts.models import VerdictAccepted, VerdictRequest
from orylo_api.verdicts.queries import find_judged


async def give_verdict(call: Call[PaymentPath, None, VerdictRequest]) -> VerdictAccepted:
    """Publish the verdict. The detector learns from it, trust posts it to the ledger, and the read model follows."""
    payment_id, requested = call.path.id, call.body
    judged = (await find_judged(call.connection, [payment_id])).get(payment_id)
    if judged is None:
        raise NotFound("there is no such payment")
    now, user = call.services.clock.now(), call.principal
    message = verdict_given(
        user.tenant.id,
        payment_id,
        judged.customer_id,
        requested.verdict,
        requested.reason,
        actor=f"{user.kind}:{user.id}",
        now=now,
    )
    await outbox.publish(call, message)
    await audit.write_change(
        call,
        action="payment.give_verdict",
        subject=f"payment {payment_id}",
        before={"verdict": judged.verdict, "reason": judged.reason},
        after=requested.model_dump(mode="json"),
    )
    return VerdictAccepted(
        payment_id=payment_id,
        verdict_id=message.verdict_id,
        actor=user.name,
        accepted_at=now,
        **requested.model_dump(),
    )


ROUTES = (
    Route(
        "POST",
        "/api/v1/payments/{id}/verdict",
        give_verdict,
        Permission.GIVE_VERDICTS,
        "Judge a payment: fraud or legitimate, or withdraw the verdict",
        path_values=PaymentPath,
        body=VerdictRequest,
        response=VerdictAccepted,
        status=202,
    ),
)
