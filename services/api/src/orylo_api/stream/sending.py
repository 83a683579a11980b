"""Send an event to a tenant's open streams from a request."""

from typing import Any

from orylo_api.call import Call
from orylo_api.http.fields import ResponseBody

ADD_EVENT = "SELECT api.add_stream_events(ARRAY[$1::uuid], ARRAY[$2::bytea])"


async def send_event(call: Call[Any, Any, Any], event: str, data: ResponseBody) -> None:
    """Write the event in the request's transaction, as its last statement: other writers of events wait for its end."""
    await call.connection.execute(
        ADD_EVENT, call.principal.tenant.id, event.encode() + b"\n" + data.model_dump_json().encode()
    )
