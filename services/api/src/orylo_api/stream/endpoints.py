"""The stream as server-sent events."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response
from pydantic import TypeAdapter, ValidationError

from orylo_api.access.authentication import authenticate
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.conversions.models import Conversion
from orylo_api.customers.models import CustomerSeen, TrustChange
from orylo_api.dead_letters.models import DeadLetterSummary
from orylo_api.detections.models import Detection
from orylo_api.errors import Invalid, RequestError
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Media, Route
from orylo_api.overview.models import OverviewUpdate
from orylo_api.review.models import ReviewCaseChange
from orylo_api.stream.events import Position, StreamBatch
from orylo_api.stream.models import EventId, StreamQuery
from orylo_api.stream.overview import OverviewWatch
from orylo_api.stream.subscription import StreamEnded, StreamSubscription
from orylo_api.verdicts.models import VerdictChange
from orylo_common.postgres.errors import TRANSIENT_ERRORS

HEADER = "Last-Event-ID"
# A browser hides comments from the page, so the heartbeat is an event. The dashboard calls a stream stalled that is
# silent for 8 s.
HEARTBEAT = timedelta(seconds=4)
# A client whose connection accepts nothing for this long is gone or too slow.
SEND_TIMEOUT = timedelta(seconds=20)
# The caller is authenticated again this often: a sign-out or a revoked API key ends the stream.
CHECK_EVERY = timedelta(seconds=30)
# An index beyond every event of a row.
END_OF_ROW = 999_999

DESCRIPTION = """\
`detection.created` carries a Detection, `customer.seen` a CustomerSeen, `trust.updated` a TrustChange,
`verdict.given` a VerdictChange, `conversion.matched`, `conversion.suppressed`, `conversion.dispatched`,
`conversion.failed` and `conversion.correction_changed` a Conversion, `dead_letter.created` a DeadLetterSummary,
`review.changed` a ReviewCaseChange, each as JSON in `data`. With `timezone` there is also `overview.updated`, an
OverviewUpdate, at most every 2 seconds; it has no id, since the next one replaces it. A client that was disconnected
resumes with `Last-Event-ID`, for as long as events are stored (15 minutes). The first event is `ready`, unless the
stream resumes; it is `reset` if events are missing, and the client should then reload what it shows. A stream without
other events sends `heartbeat` every 4 seconds.
"""

_EVENT_ID = TypeAdapter(EventId)


async def stream(call: Call[None, StreamQuery, None]) -> web.StreamResponse:
    position = _last_position(call)
    tenant_id, hub = call.principal.tenant.id, call.services.hub
    async with hub.subscribe(tenant_id, call.principal.id) as subscription:
        resumes = position is not None and await hub.is_kept(position)
        response: EventSourceResponse
        async with sse_response(call.request, send_timeout=SEND_TIMEOUT.total_seconds()) as response:
            # The headers are sent: an error can now only end the stream.
            with suppress(StreamEnded, RequestError, ConnectionResetError, TimeoutError, *TRANSIENT_ERRORS):
                if position is None or not resumes:
                    kind = "ready" if position is None else "reset"
                    position = Position(subscription.start, END_OF_ROW)
                    await response.send("{}", id=str(position), event=kind)
                else:
                    async for batch in hub.missed(tenant_id, position, subscription.start):
                        position = await _send(response, batch, position)
                await _send_live(call, response, subscription, position)
    return response


async def _send_live(
    call: Call[None, StreamQuery, None],
    response: EventSourceResponse,
    subscription: StreamSubscription,
    position: Position,
) -> None:
    loop = asyncio.get_running_loop()
    checked_at = loop.time()
    timezone = call.query.timezone
    overview = None if timezone is None else OverviewWatch(call.services, call.principal, timezone)
    while response.is_connected():
        wait = HEARTBEAT.total_seconds() if overview is None else min(HEARTBEAT.total_seconds(), overview.seconds_left)
        try:
            async with asyncio.timeout(wait):
                batch = await subscription.next()
        except TimeoutError:
            batch = None
        if loop.time() - checked_at > CHECK_EVERY.total_seconds():
            await authenticate(call.request, call.services)
            checked_at = loop.time()
        if batch is not None:
            position = await _send(response, batch, position)
            if overview is not None:
                overview.note_events()
        update = await overview.read() if overview is not None and overview.seconds_left <= 0 else None
        if update is not None:
            await response.send(update.model_dump_json(), event="overview.updated")
        elif batch is None:
            await response.send("{}", event="heartbeat")


async def _send(response: EventSourceResponse, batch: StreamBatch, position: Position) -> Position:
    """Send the batch's events after `position`. Return the new position."""
    for event in batch.after(position):
        await response.send(event.data, id=str(event.position), event=event.type)
        position = event.position
    return position


def _last_position(call: Call[None, StreamQuery, None]) -> Position | None:
    header = call.request.headers.get(HEADER)
    event_id = call.query.last_event_id if header is None else header
    if event_id is None:
        return None
    try:
        return Position.parse(_EVENT_ID.validate_python(event_id))
    except ValidationError:
        error = FieldProblem(field=f"header.{HEADER}", message="must be the id of an event of this stream")
        raise Invalid("the last event's id is invalid", [error]) from None


ROUTES = (
    Route(
        "GET",
        "/api/v1/stream",
        stream,
        Permission.READ,
        "Live events, as server-sent events",
        query=StreamQuery,
        media=Media.EVENTS,
        time_limit=None,
        refuses={429},
        description=DESCRIPTION,
        events=(
            Detection,
            CustomerSeen,
            TrustChange,
            VerdictChange,
            Conversion,
            DeadLetterSummary,
            ReviewCaseChange,
            OverviewUpdate,
        ),
    ),
)
