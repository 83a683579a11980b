"""Events of the stream, as rows of api.stream_events hold them."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class StreamEvent:
    position: Position
    type: str
    data: str


@dataclass(frozen=True, slots=True)
class StreamBatch:
    """The events of one row."""

    row: int
    events: bytes

    def after(self, position: Position) -> Iterator[StreamEvent]:
        """Yield each event that comes after `position`."""
        for index, event in enumerate(self.events.split(b"\n\n")):
            if (self.row, index) > (position.row, position.index):
                event_type, _, data = event.partition(b"\n")
                yield StreamEvent(Position(self.row, index), event_type.decode(), data.decode())
