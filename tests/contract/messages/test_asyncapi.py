from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from orylo_common.asyncapi import document
from orylo_common.broker.topology import QUEUES
from orylo_common.messages import MESSAGES, type_of
from tests.contract.messages.golden import path_of

PUBLISHED = Path(__file__).parents[3] / "docs/asyncapi.json"
TYPES = [type_of(message_class) for message_class in MESSAGES]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_the_document_is_current() -> None:
    assert orjson.loads(PUBLISHED.read_bytes()) == document(), "run `make docs`"


def test_every_reference_resolves() -> None:
    whole = document()
    for reference in references(whole):
        place: Any = whole
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_the_document_covers_every_queue_and_message() -> None:
    whole = document()

    assert set(whole["components"]["messages"]) == set(TYPES)
    assert {queue: list(whole["channels"][queue]["messages"]) for queue in QUEUES} == {
        queue: [type_of(message_class) for message_class in bound] for queue, bound in QUEUES.items()
    }


@pytest.mark.parametrize("name", TYPES)
def test_golden_files_are_valid_under_the_document(name: str) -> None:
    whole = document()
    payload = {**whole, "$ref": f"#/components/messages/{name}/payload"}

    golden = orjson.loads(path_of(name).read_bytes())
    Draft202012Validator(payload).validate(golden)

    assert not Draft202012Validator(payload).is_valid({**golden, "type": "payment.lost.v1"})
    assert not Draft202012Validator(payload).is_valid({**golden, "data": {}})
