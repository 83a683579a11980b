"""The stream as server-sent events."""

import asyncio
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from math import inf

from aiohttp import hdrs, web
from aiohttp_sse import EventSourceResponse, sse_response
from pydantic import TypeAdapter, ValidationError

from orylo_api.access.authentication import authenticate, authorise
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Invalid, RequestError
from orylo_api.http.dashboard import accepted_codings
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Media, Route
from orylo_api.stream.compressed import CompressedEventSource
from orylo_api.stream.event_types import EVENT_TYPES, SWITCHES_CHANGED
from orylo_api.stream.events import BEGINNING, Position
from orylo_api.stream.hub import EventsMissing
from orylo_api.stream.models import EventId, StreamQuery
from orylo_api.stream.sender import SEND_TIMEOUT, EventSender
from orylo_api.stream.subscription import StreamEnded, StreamSubscription
from orylo_api.stream.switches import SwitchWatch
from orylo_common.postgres.errors import TRANSIENT_ERRORS

HEADER = "Last-Event-ID"
# A browser hides comments from the page, so the heartbeat is an event. The dashboard calls a stream stalled that is
# silent for 8 s.
HEARTBEAT = timedelta(seconds=4)
# The caller is authenticated again this often: a sign-out or a revoked API key ends the stream.
CHECK_EVERY = timedelta(seconds=30)
# Between two writes to a client that wants only the newest events.
COALESCE_FOR = timedelta(milliseconds=500)

DESCRIPTION = """\
Each event has a type and JSON data; the schema `StreamEvent` lists them. With `timezone` there is also
`overview.updated`, at most every 2 seconds. It and `switches.changed` have no id, since the next one replaces it. A
client that was disconnected resumes with `Last-Event-ID`, on any replica, for as long as events are stored (15
minutes): it gets every event since, once and in order. The first event is `ready`, unless the stream resumes; it is
`reset` if events are missing, and the client should then reload what it shows. A stream without other events sends
`heartbeat` every 4 seconds; its id, if it has one, is the position to resume from. A stream ends with its session or
API key, and when the client reads too slowly. With `coalesce`, at most 12 events a second are sent on average, and
600 at once: beyond that, events that follow from webhooks are left out, and `events.skipped` says at once and then
every 15 seconds that the client should reload what it shows. A user or API key may have 50 streams open per replica,
and a tenant 1,000.
"""

_EVENT_ID = TypeAdapter(EventId)


async def follow_stream(call: Call[None, StreamQuery, None]) -> web.StreamResponse:
    position = _last_position(call)
    tenant_id, hub, types = call.principal.tenant.id, call.services.hub, call.query.wanted
    async with hub.subscribe(tenant_id, call.principal.id, types) as subscription:
        response: EventSourceResponse
        async with sse_response(
            call.request,
            headers={hdrs.VARY: "Accept-Encoding"},
            send_timeout=SEND_TIMEOUT.total_seconds(),
            response_cls=_response_class(call.request),
        ) as response:
            # The headers are sent: an error can now only end the stream.
            with suppress(StreamEnded, RequestError, ConnectionResetError, TimeoutError, *TRANSIENT_ERRORS):
                coalesce = call.query.coalesce
                sender = EventSender(response, call.request, position or BEGINNING, types, coalesce=coalesce)
                if position is None:
                    await sender.move_to(subscription.start, b"ready")
                else:
                    await _send_missed(call, sender, subscription)
                await _send_live(call, response, sender, subscription)
    return response


def _response_class(request: web.Request) -> type[EventSourceResponse]:
    accepted = accepted_codings(request.headers.get(hdrs.ACCEPT_ENCODING, ""))
    return CompressedEventSource if "gzip" in accepted else EventSourceResponse


async def _send_missed(
    call: Call[None, StreamQuery, None], sender: EventSender, subscription: StreamSubscription
) -> None:
    try:
        missed = call.services.hub.missed(call.principal.tenant.id, sender.position, subscription.start.row)
        async for batch in missed:
            await sender.send([batch])
        await sender.report_skipped()
    except EventsMissing:
        # The position may be one of another database, and beyond this one's.
        sender.position = BEGINNING
        await sender.move_to(subscription.start, b"reset")


async def _send_live(
    call: Call[None, StreamQuery, None],
    response: EventSourceResponse,
    sender: EventSender,
    subscription: StreamSubscription,
) -> None:
    time = asyncio.get_running_loop().time
    checked_at = time()
    overview_sent: bytes | None = None
    types, services = call.query.wanted, call.services
    wants_switches = types is None or SWITCHES_CHANGED in types
    switches = SwitchWatch(services.plane, call.principal.tenant.id, services.clock)
    async with AsyncExitStack() as stack:
        overview = None
        if zone := call.query.overview_zone:
            view = call.principal.tenant.id, call.principal.role, zone
            overview = await stack.enter_async_context(call.services.overviews.follow(view))
        while response.is_connected():
            wait = min(HEARTBEAT.total_seconds(), sender.report_due_in, overview.seconds_left if overview else inf)
            batch = None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    batch = await subscription.next()
            if time() - checked_at > CHECK_EVERY.total_seconds():
                await _check_caller(call)
                checked_at = time()
            if batch is not None:
                await sender.send([batch, *subscription.rest()] if call.query.coalesce else [batch])
            await sender.report_skipped(if_due=True)
            if wants_switches and (event := switches.changed()) is not None:
                await sender.write(event)
            if overview is not None:
                await overview.refresh()
            if overview is not None and overview.event is not None and overview.event is not overview_sent:
                overview_sent = overview.event
                await sender.write(overview_sent)
            elif batch is None or sender.seconds_silent >= HEARTBEAT.total_seconds():
                # Everything that was pushed to this client has been sent, unless events arrived just now.
                position = call.services.hub.position if subscription.is_empty else sender.position
                await sender.move_to(position, b"heartbeat")
            if batch is not None and call.query.coalesce:
                await asyncio.sleep(COALESCE_FOR.total_seconds())


async def _check_caller(call: Call[None, StreamQuery, None]) -> None:
    """Raises `RequestError` or `StreamEnded` if the caller may no longer read the stream."""
    caller = await authenticate(call.request, call.services)
    authorise(caller, Permission.READ)
    if caller.tenant.id != call.principal.tenant.id:
        # An operator has entered another tenant, or left this one.
        raise StreamEnded


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
        follow_stream,
        Permission.READ,
        "Live events, as server-sent events",
        query=StreamQuery,
        media=Media.EVENTS,
        time_limit=None,
        refuses={429},
        description=DESCRIPTION,
        events=EVENT_TYPES,
    ),
)
