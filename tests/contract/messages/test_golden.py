"""Messages of earlier versions can be decoded, and are encoded the same way.

A golden file is missing or lacks a new field: run `python -m tests.contract.messages.golden`, and look at its diff,
which only ever adds. Any other failure here is a breaking change, for which there is a new version of the type.
"""

import pytest

from orylo_common.messages import MESSAGES, Message, decode, encode, traceparent_of, type_of
from tests.contract.messages.golden import FOLDER, complete, merged, path_of, written

TYPES = [type_of(message_class) for message_class in MESSAGES]


def test_there_is_one_golden_file_per_type() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(path_of(name).name for name in TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_a_golden_file_is_decoded_and_encoded_unchanged(name: str) -> None:
    golden = path_of(name).read_bytes()

    assert written(encode(decode(golden), traceparent=traceparent_of(golden))) == golden


@pytest.mark.parametrize("message_class", MESSAGES, ids=TYPES)
def test_a_golden_file_shows_every_field(message_class: type[Message]) -> None:
    stands = decode(path_of(type_of(message_class)).read_bytes()).model_dump(mode="json", exclude_none=True)

    assert merged(stands, complete(message_class)) == stands


@pytest.mark.parametrize("name", TYPES)
def test_a_field_of_a_newer_version_is_ignored(name: str) -> None:
    golden = path_of(name).read_bytes()
    newer = golden.replace(b'"data": {', b'"newattribute": 1, "data": {"new_field": {"x": 1},')

    assert decode(newer) == decode(golden)
