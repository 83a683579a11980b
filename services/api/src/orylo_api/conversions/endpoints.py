"""Sales reported to destinations."""

from typing import Any

from orylo_api.access import audit
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.conversions import queries
from orylo_api.conversions.models import (
    Conversion,
    ConversionDelivery,
    ConversionPage,
    ConversionPath,
    ConversionQuery,
    ConversionStatus,
    RetryBody,
    SendBody,
)
from orylo_api.dead_letters.bulk import KIND
from orylo_api.dead_letters.selection import OLDEST_SALE, DeadLetterFilter, DeadLetterSelection
from orylo_api.errors import Conflict, NotFound
from orylo_api.http import outbox
from orylo_api.http.route import Route
from orylo_api.jobs.bulk import plan_or_start
from orylo_api.jobs.bulk_models import BulkAction, BulkPlan, BulkRequest
from orylo_common.ids import uuid7
from orylo_common.messages import ConversionRedriveRequested

# The reason with which dispatch suppresses the conversions of blocked payments.
BLOCKED = "blocked"


async def list_conversions(call: Call[None, ConversionQuery, None]) -> ConversionPage:
    items, next_cursor = await queries.list_conversions(call.connection, call.query, call.query)
    return ConversionPage(items=items, next_cursor=next_cursor)


async def show_conversion(call: Call[ConversionPath, None, Any]) -> Conversion:
    conversion = await queries.find_conversion(call.connection, call.path.id)
    if conversion is None:
        raise NotFound("there is no such conversion")
    return conversion


async def show_delivery(call: Call[ConversionPath, None, None]) -> ConversionDelivery:
    if await queries.find_conversion(call.connection, call.path.id) is None:
        raise NotFound("there is no such conversion")
    return await queries.read_delivery(call.services.dispatch, call.principal.tenant.id, call.path.id)


async def send_blocked_conversion(call: Call[ConversionPath, None, SendBody]) -> Conversion:
    """Ask dispatch to send a conversion that is kept back because its payment is blocked."""
    conversion, now = await show_conversion(call), call.services.clock.now()
    if (conversion.status, conversion.reason) != (ConversionStatus.SUPPRESSED, BLOCKED):
        raise Conflict("it is not kept back because of a block", code="not_blocked")
    if conversion.created_at < now - OLDEST_SALE:
        raise Conflict("the sale is older than 7 days, which the destination does not accept", code="too_old")
    message_id = uuid7()
    request = ConversionRedriveRequested(
        message_id=message_id,
        correlation_id=message_id,
        tenant_id=call.principal.tenant.id,
        occurred_at=now,
        conversion_id=conversion.id,
        actor=call.principal.name,
        although_blocked=True,
    )
    await outbox.publish(call, request)
    sent = {"conversion_id": str(conversion.id), "reason": call.body.reason}
    subject = f"payment {conversion.payment_id}"
    await audit.write_change(call, action="conversion.send_blocked", subject=subject, after=sent)
    return conversion


async def retry_conversions(call: Call[None, None, RetryBody]) -> BulkPlan:
    """Replay the open dead letters of failed conversions: dispatch then makes further attempts."""
    asked = call.body
    given = {} if asked.filter is None else asked.filter.model_dump(by_alias=True)
    where = DeadLetterFilter.model_validate({**given, "kind": "conversion"})
    selection = DeadLetterSelection(call.services.clock.now(), conversions=asked.ids, where=where)
    request = BulkRequest(action=BulkAction.REPLAY, expected=asked.expected, dry_run=asked.dry_run)
    return await plan_or_start(call, KIND, selection, request)


ROUTES = (
    Route(
        "GET",
        "/api/v1/conversions",
        list_conversions,
        Permission.READ,
        "Sales reported to destinations, newest first",
        description="A conversion is one sale for one destination. `status=failed` lists those that need a person.",
        query=ConversionQuery,
        response=ConversionPage,
    ),
    Route(
        "GET",
        "/api/v1/conversions/{id}",
        show_conversion,
        Permission.READ,
        "One reported sale",
        description="With the click it is credited to, the attempts to send it, and why it waits.",
        path_values=ConversionPath,
        response=Conversion,
    ),
    Route(
        "GET",
        "/api/v1/conversions/{id}/delivery",
        show_delivery,
        Permission.READ,
        "What is sent of a sale, each attempt with its answer, and when the next one follows",
        description="The event is shown as the destination's API takes it. Identifiers of people in it are hashed.",
        path_values=ConversionPath,
        response=ConversionDelivery,
    ),
    Route(
        "POST",
        "/api/v1/conversions/{id}/send",
        send_blocked_conversion,
        Permission.SEND_BLOCKED,
        "Send the conversion of a blocked payment anyway",
        path_values=ConversionPath,
        body=SendBody,
        response=Conversion,
        status=202,
        refuses={409},
        description="For a sale that was blocked by mistake. It changes neither the decision nor the buyer's trust; a "
        "verdict does. 409 `not_blocked` if the conversion is not kept back for that reason, and `too_old` after 7 "
        "days, when Meta does not accept it. The response is the conversion as it was; the stream reports its sending.",
    ),
    Route(
        "POST",
        "/api/v1/conversions/retry",
        retry_conversions,
        Permission.SETTLE_DEAD_LETTERS,
        "Send failed conversions again, or count them",
        body=RetryBody,
        response=BulkPlan,
        refuses={429},
        description="A conversion that failed can be sent again until its dead letter is discarded. With `dry_run` it "
        "only counts them. Otherwise a job (`GET /api/v1/jobs/{id}`) replays their dead letters. ",
    ),
)
