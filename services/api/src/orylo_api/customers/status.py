"""Set the status of a customer in the transaction of a request: publish the change, and audit it."""

from datetime import datetime
from typing import Any

from orylo_api.access import audit
from orylo_api.call import Call
from orylo_api.customers import changes
from orylo_api.customers.models import CustomerSummary, StatusRequest
from orylo_api.http import outbox


async def put_status(
    call: Call[Any, Any, Any], customer: CustomerSummary, requested: StatusRequest, now: datetime
) -> None:
    """The trust service stores the status, and the read model follows when it reports the change.

    `now` is the time of the whole request, as for its verdict.
    """
    user = call.principal
    actor = f"{user.kind}:{user.id}"
    await outbox.publish(call, changes.status_set(user.tenant.id, customer.id, requested, actor=actor, now=now))
    await audit.write_change(
        call,
        action="customer.set_status",
        subject=f"customer {customer.id}",
        before={"status": customer.status},
        after=requested.model_dump(mode="json", exclude_none=True),
    )
