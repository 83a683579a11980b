"""The live feed."""

from typing import Annotated

from pydantic import Field, StringConstraints

from orylo_api.http.fields import Request

EventId = Annotated[str, StringConstraints(max_length=40, pattern=r"^[0-9]{1,18}\.[0-9]{1,6}$")]


class StreamQuery(Request):
    last_event_id: EventId | None = Field(
        default=None, description="go on after this event, for those who cannot send the header Last-Event-ID"
    )
