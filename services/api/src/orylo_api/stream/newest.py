"""Of several events about the same thing, only the newest, in brief: for clients that show states, not each change."""

from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple

from orylo_api.stream.events import StreamEvent


class Subject(NamedTuple):
    """The fields that name what an event is about, and the field that increases with each of its states."""

    kind: str
    fields: tuple[str, ...]
    order: str | None = None


_CONVERSION = Subject("conversion", ("id",), "updated_at")
# An event of any other type is about nothing but itself.
SUBJECTS: Mapping[str, Subject] = {
    "detection.created": Subject("decision", ("payment_id",), "version"),
    "customer.seen": Subject("customer", ("customer_id",), "version"),
    # The causes differ in what a client does.
    "trust.updated": Subject("trust", ("customer_id", "cause"), "version"),
    "conversion.matched": _CONVERSION,
    "conversion.suppressed": _CONVERSION,
    "conversion.dispatched": _CONVERSION,
    "conversion.failed": _CONVERSION,
    "webhook.accepted": Subject("webhook", ("gateway", "state")),
    "job.progress": Subject("job", ("id",)),
}


def newest(events: Iterable[StreamEvent]) -> list[StreamEvent]:
    """Return the newest event about each thing, in the order of the stream. Of equally new ones, the last counts."""
    kept: dict[Hashable, StreamEvent] = {}
    for event in events:
        subject = SUBJECTS.get(event.type)
        if subject is None:
            kept[event.position] = event
            continue
        about = (subject.kind, *(event.fields[field] for field in subject.fields))
        known = kept.get(about)
        if known is None or subject.order is None or known.fields[subject.order] <= event.fields[subject.order]:
            kept.pop(about, None)
            kept[about] = event
    return [event.brief for event in kept.values()]
