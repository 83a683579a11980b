"""Events of the stream, as rows of api.stream_events hold them."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import orjson

# An index beyond every event of a row.
END_OF_ROW = 999_999
# One write to a client, in bytes, unless a single event is longer: as much as a connection buffers before it waits.
MAX_WRITE = 65_536


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """An event's row, and its index within the row. As text it is the event's id."""

    row: int
    index: int

    def __str__(self) -> str:
        return f"{self.row}.{self.index}"

    @classmethod
    def parse(cls, event_id: str) -> "Position":
        row, _, index = event_id.partition(".")
        return cls(int(row), int(index))


# Lists that no list of payments shows. They are a third of a decision, also after compression.
DETAILS: Mapping[str, tuple[str, ...]] = {"detection.created": ("detectors", "rules")}

BEGINNING = Position(-1, 0)


@dataclass(frozen=True)
class StreamEvent:
    position: Position
    type: str
    # JSON on one line.
    data: bytes

    @cached_property
    def frame(self) -> bytes:
        """The event as it is sent."""
        return frame(self.type.encode(), self.data, self.position)

    @cached_property
    def fields(self) -> dict[str, Any]:
        parsed: dict[str, Any] = orjson.loads(self.data)
        return parsed

    @cached_property
    def brief(self) -> "StreamEvent":
        """The event without its details, which the API returns on request."""
        details = DETAILS.get(self.type)
        if details is None:
            return self
        return replace(self, data=orjson.dumps(self.fields | dict.fromkeys(details, ())))


@dataclass(frozen=True)
class StreamBatch:
    """The events of one row. All clients that receive it share it, so it is encoded once."""

    row: int
    stored: bytes

    @cached_property
    def events(self) -> tuple[StreamEvent, ...]:
        return tuple(self._split())

    @cached_property
    def types(self) -> frozenset[str]:
        return frozenset(event.type for event in self.events)

    def after(self, position: Position, types: Set[str] | None = None) -> Iterator[StreamEvent]:
        """Yield the events of these types (None: all) that come after `position`."""
        for event in self.events:
            if event.position > position and (types is None or event.type in types):
                yield event

    def _split(self) -> Iterator[StreamEvent]:
        for index, stored in enumerate(self.stored.split(b"\n\n")):
            event_type, _, data = stored.partition(b"\n")
            yield StreamEvent(Position(self.row, index), event_type.decode(), data)


def writes(events: Iterable[StreamEvent]) -> Iterator[tuple[Position, bytes]]:
    """Yield the events as they are sent, several in one write, each write with the position of its last event."""
    part: list[StreamEvent] = []
    size = 0
    for event in events:
        if part and size + len(event.frame) > MAX_WRITE:
            yield part[-1].position, b"".join(each.frame for each in part)
            part, size = [], 0
        part.append(event)
        size += len(event.frame)
    if part:
        yield part[-1].position, b"".join(each.frame for each in part)


def frame(event_type: bytes, data: bytes, position: Position | None = None) -> bytes:
    """Return a server-sent event. `data` is JSON on one line."""
    event_id = b"" if position is None else b"id: %b\r\n" % str(position).encode()
    return b"%bevent: %b\r\ndata: %b\r\n\r\n" % (event_id, event_type, data)
