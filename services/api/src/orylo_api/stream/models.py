from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from orylo_api.http.fields import RequestPart
from orylo_api.stream.event_types import EVENT_TYPES, OVERVIEW_UPDATED
from orylo_common.control.sections.shop import TimeZone

EventId = Annotated[str, StringConstraints(max_length=40, pattern=r"^[0-9]{1,18}\.[0-9]{1,6}$")]


def _known(names: str) -> str:
    unknown = sorted(set(names.split(",")) - EVENT_TYPES.keys())
    if unknown:
        raise ValueError(f"unknown types of events: {', '.join(unknown[:3])}")
    return names


EventTypes = Annotated[
    str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[a-z_.]+(,[a-z_.]+)*$"), AfterValidator(_known)
]


class StreamQuery(RequestPart):
    last_event_id: EventId | None = Field(
        default=None, description="resume after this event; for clients that cannot send the header Last-Event-ID"
    )
    timezone: TimeZone | None = Field(
        default=None,
        description="IANA name of a time zone: the stream then has `overview.updated`, whose `today` begins in it",
        examples=["America/Sao_Paulo"],
    )
    types: EventTypes | None = Field(
        default=None,
        description="only events of these types, separated by commas; `ready`, `reset` and `heartbeat` always come",
        examples=["detection.created,dead_letter.created"],
    )
    coalesce: bool = Field(
        default=False,
        description="true, for clients that show states and not each change: events are sent at most twice a second, "
        "and of those about the same payment, customer, conversion, gateway or job only the newest. `detectors` and "
        "`rules` of decisions are empty. If there are more than a person can follow, `events.skipped` replaces them, "
        "whatever `types` says",
    )

    @model_validator(mode="after")
    def _overview_has_a_zone(self) -> Self:
        if self.timezone is None and self.wanted is not None and OVERVIEW_UPDATED in self.wanted:
            raise ValueError(f"{OVERVIEW_UPDATED} needs `timezone`")
        return self

    @property
    def overview_zone(self) -> str | None:
        """The time zone of the overview's figures, if they are wanted."""
        return self.timezone if self.wanted is None or OVERVIEW_UPDATED in self.wanted else None

    @property
    def wanted(self) -> frozenset[str] | None:
        """The wanted types; None for all."""
        return None if self.types is None else frozenset(self.types.split(","))
