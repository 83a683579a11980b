from typing import Annotated

from pydantic import Field, StringConstraints

from orylo_api.http.fields import RequestPart
from orylo_api.timeseries.models import TimeZone

EventId = Annotated[str, StringConstraints(max_length=40, pattern=r"^[0-9]{1,18}\.[0-9]{1,6}$")]


class StreamQuery(RequestPart):
    last_event_id: EventId | None = Field(
        default=None, description="resume after this event; for clients that cannot send the header Last-Event-ID"
    )
    timezone: TimeZone | None = Field(
        default=None,
        description="IANA name of a time zone: the stream then has `overview.updated`, whose `today` begins in it",
        examples=["America/Sao_Paulo"],
    )
