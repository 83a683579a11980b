"""List, show and resend a tenant's stored webhooks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.plane import ControlPlane
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection
from orylo_ingest.webhooks.listing import WebhookFilter, find_payload, find_webhook, list_webhooks
from orylo_ingest.webhooks.resends import NotResendable, resend_webhook

UNKNOWN = "the tenant has no webhook with this id; ids are in `orylo webhook list`"


@dataclass(frozen=True)
class ResendResult:
    """The outcome of a resend. The service's sweep publishes the message while ingest runs."""

    id: UUID
    status: str
    message_type: str | None
    reason: str | None


async def list_stored(connection: Connection, tenant: str, which: WebhookFilter) -> list[dict[str, Any]]:
    """Return the newest first. Raises `InvalidChange` for an unknown tenant."""
    found = await find_tenant(connection, tenant)
    page = await list_webhooks(connection, found.id, which)
    return [_shown(dict(row)) for row in page.items]


async def show_stored(connection: Connection, tenant: str, webhook_id: UUID) -> dict[str, Any]:
    """Return a webhook with its scrubbed payload. Raises `InvalidChange` for an unknown one."""
    found = await find_tenant(connection, tenant)
    webhook = await find_webhook(connection, found.id, webhook_id)
    if webhook is None:
        raise InvalidChange(UNKNOWN)
    return {**_shown(webhook), "payload": await find_payload(connection, found.id, webhook_id)}


async def resend_stored(
    connection: Connection, tenant: str, webhook_id: UUID, *, plane: ControlPlane, actor: Actor, now: datetime
) -> ResendResult:
    """Process the stored copy again, in the caller's transaction. Raises `InvalidChange`."""
    found = await find_tenant(connection, tenant)
    try:
        resent = await resend_webhook(connection, found.id, webhook_id, plane=plane, now=now)
    except NotResendable:
        raise InvalidChange("the event arrived before with another body, which was processed") from None
    if resent is None:
        raise InvalidChange(UNKNOWN)
    again = resent.again
    await write_audit_line(
        connection,
        found.id,
        actor,
        action="webhook.resend",
        subject=f"webhook {webhook_id}",
        after={"status": again.status},
    )
    return ResendResult(webhook_id, again.status, again.message_type, again.record.reason)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    renamed = {"id": row.pop("event_id"), **row}
    return {**renamed, "deliveries": 1 + (renamed.pop("repeats") or 0)}
