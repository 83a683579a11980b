"""Events of the stream: their frames, parts and types."""

import ast
from pathlib import Path
from typing import Any

import orjson

import orylo_api
from orylo_api.http.openapi import build_document
from orylo_api.routes import ROUTES
from orylo_api.stream.event_types import EVENT_TYPES
from orylo_api.stream.events import BEGINNING, END_OF_ROW, MAX_WRITE, Position, StreamBatch, StreamEvent, writes
from orylo_api.stream.newest import newest

BATCH = StreamBatch(7, b'trust.updated\n{"a":1}\n\ndetection.created\n{"b":2}\n\ntrust.updated\n{"c":3}')


def test_a_batch_is_one_write() -> None:
    assert list(writes(BATCH.after(BEGINNING))) == [
        (
            Position(7, 2),
            (
                b'id: 7.0\r\nevent: trust.updated\r\ndata: {"a":1}\r\n\r\n'
                b'id: 7.1\r\nevent: detection.created\r\ndata: {"b":2}\r\n\r\n'
                b'id: 7.2\r\nevent: trust.updated\r\ndata: {"c":3}\r\n\r\n'
            ),
        )
    ]


def test_only_later_events_of_the_wanted_types_are_sent() -> None:
    ((position, part),) = writes(BATCH.after(Position(7, 0), {"trust.updated"}))
    assert position == Position(7, 2)
    assert part.startswith(b"id: 7.2")
    assert list(BATCH.after(Position(7, 2))) == list(BATCH.after(Position(7, END_OF_ROW))) == []
    assert list(BATCH.after(BEGINNING, {"verdict.given"})) == []


def test_a_large_batch_is_sent_in_parts() -> None:
    """So a client that reads slowly never makes the process hold more than one part and one event for it."""
    large = b"trust.updated\n" + b"x" * (MAX_WRITE // 3)
    parts = list(writes(StreamBatch(1, b"\n\n".join([large] * 7)).after(BEGINNING)))
    assert [position.index for position, _ in parts] == [1, 3, 5, 6]
    assert all(len(part) <= MAX_WRITE for _, part in parts)


def events(*listed: tuple[str, dict[str, Any]]) -> list[StreamEvent]:
    return [StreamEvent(Position(1, index), kind, orjson.dumps(data)) for index, (kind, data) in enumerate(listed)]


def kept(*listed: tuple[str, dict[str, Any]]) -> list[int]:
    return [event.position.index for event in newest(events(*listed))]


def test_the_newest_state_of_each_thing_is_kept_in_order() -> None:
    assert kept(
        ("conversion.matched", {"id": "a", "updated_at": "2026-11-28T10:00:00.1Z"}),
        ("detection.created", {"payment_id": "p", "version": 1}),
        ("customer.seen", {"customer_id": "c", "version": 1}),
        ("detection.created", {"payment_id": "q", "version": 1}),
        ("detection.created", {"payment_id": "p", "version": 2}),
        ("conversion.dispatched", {"id": "a", "updated_at": "2026-11-28T10:00:00.2Z"}),
        ("webhook.accepted", {"gateway": "stripe", "state": "accepted"}),
        ("webhook.accepted", {"gateway": "stripe", "state": "quarantined"}),
        ("webhook.accepted", {"gateway": "stripe", "state": "accepted"}),
    ) == [2, 3, 4, 5, 7, 8]


def test_an_older_state_does_not_replace_a_newer_one() -> None:
    old, new = ({"payment_id": "p", "version": version} for version in (1, 2))
    assert kept(("detection.created", new), ("detection.created", old)) == [0]


def test_a_change_of_trust_is_kept_for_each_cause() -> None:
    """The dashboard reads the list again after a refund or a dispute."""
    causes = ("refund", "clean_payment", "clean_payment")
    changes = [{"customer_id": "c", "version": version, "cause": cause} for version, cause in enumerate(causes)]
    assert kept(*(("trust.updated", change) for change in changes)) == [0, 2]


def test_a_decision_comes_without_its_details() -> None:
    decision = {"payment_id": "p", "version": 1, "detectors": [{"name": "velocity"}], "rules": [{}], "points": [1]}
    (event,) = newest(events(("detection.created", decision)))
    assert event.fields == decision | {"detectors": [], "rules": []}
    assert event.position == Position(1, 0)


def test_other_events_are_never_left_out() -> None:
    assert kept(("note.changed", {}), ("note.changed", {}), ("dead_letter.created", {})) == [0, 1, 2]


def test_every_published_type_is_listed() -> None:
    """A client that filters by type, or generates its code from the document, would miss another one."""
    published = set()
    for path in Path(orylo_api.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "stream":
                types = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
                published |= {name.decode() if isinstance(name, bytes) else name for name in types}
    assert published
    assert published <= EVENT_TYPES.keys()


def test_the_document_has_a_union_of_all_events() -> None:
    union = build_document(ROUTES)["components"]["schemas"]["StreamEvent"]["oneOf"]
    assert {each["properties"]["event"]["const"] for each in union} == EVENT_TYPES.keys()
