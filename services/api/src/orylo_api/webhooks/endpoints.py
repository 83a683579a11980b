"""All webhooks that were received, and their resend."""

from orylo_api.access import audit
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.http.route import Route
from orylo_api.webhooks import queries
from orylo_api.webhooks.models import (
    ReceivedWebhookDetails,
    ReceivedWebhookPage,
    ResendOutcome,
    WebhookPath,
    WebhookPayload,
    WebhookQuery,
)


async def list_webhooks(call: Call[None, WebhookQuery, None]) -> ReceivedWebhookPage:
    return await queries.list_webhooks(call.connection, call.services.ingest, call.principal.tenant.id, call.query)


async def show_webhook(call: Call[WebhookPath, None, None]) -> ReceivedWebhookDetails:
    return await queries.find_webhook(call.connection, call.services.ingest, call.principal.tenant.id, call.path.id)


async def show_webhook_payload(call: Call[WebhookPath, None, None]) -> WebhookPayload:
    await queries.check_not_refused(call.connection, call.path.id)
    return WebhookPayload(payload=await call.services.ingest.read_payload(call.principal.tenant.id, call.path.id))


async def resend_webhook(call: Call[WebhookPath, None, None]) -> ResendOutcome:
    """Ingest processes the stored copy and answers with the outcome."""
    await queries.check_not_refused(call.connection, call.path.id)
    outcome = await call.services.ingest.resend_webhook(call.principal.tenant.id, call.path.id)
    await audit.write_change(
        call, action="webhook.resend", subject=f"webhook {call.path.id}", after={"status": outcome["status"]}
    )
    return ResendOutcome(id=call.path.id, **outcome)


ROUTES = (
    Route(
        "GET",
        "/api/v1/webhooks",
        list_webhooks,
        Permission.READ,
        "Received webhooks, newest first, also refused ones",
        query=WebhookQuery,
        response=ReceivedWebhookPage,
        description="Kept for 90 days, refused ones for 30.",
    ),
    Route(
        "GET",
        "/api/v1/webhooks/{id}",
        show_webhook,
        Permission.READ,
        "One received webhook with its deliveries and its payment",
        path_values=WebhookPath,
        response=ReceivedWebhookDetails,
        description="For refused webhooks, the id is that of the list's item.",
    ),
    Route(
        "GET",
        "/api/v1/webhooks/{id}/payload",
        show_webhook_payload,
        Permission.READ,
        "The scrubbed body of a received webhook",
        path_values=WebhookPath,
        response=WebhookPayload,
        description="Personal values are hashed, secrets removed and card numbers masked, as they are stored. "
        "The bodies of refused webhooks are not stored.",
    ),
    Route(
        "POST",
        "/api/v1/webhooks/{id}/resend",
        resend_webhook,
        Permission.RESEND_WEBHOOKS,
        "Process a received webhook again",
        path_values=WebhookPath,
        response=ResendOutcome,
        description="Its stored copy takes the path of a webhook that arrives now, with the present settings. "
        "Nothing is counted twice. ",
    ),
)
