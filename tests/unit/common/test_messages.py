"""Every message survives encoding and decoding. Bytes decode to a message or are undecodable."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polyfactory.factories.pydantic_factory import ModelFactory

from orylo_common.messages import (
    MESSAGES,
    Message,
    PaymentSucceeded,
    UndecodableMessage,
    decode,
    encode,
    encode_first,
    tenant_of,
    traceparent_of,
    type_of,
)

SECRET = "maria@exemplo.com"

FACTORIES = {message_class: ModelFactory.create_factory(message_class) for message_class in MESSAGES}

messages = st.sampled_from(MESSAGES)
seeds = st.integers(0, 2**32)

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text() | st.just(SECRET),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def any_message(message_class: type[Message], seed: int) -> Message:
    FACTORIES[message_class].seed_random(seed)
    return FACTORIES[message_class].build()


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in paths_of(item, (*path, key)))]


def with_replaced(value: Any, path: tuple[Any, ...], replacement: Any) -> Any:
    if not path:
        return replacement
    changed = deepcopy(value)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = replacement
    return changed


def decode_error(body: bytes) -> str | None:
    """Return why the bytes are undecodable, or None if they are a message. Any other error fails the test."""
    try:
        decode(body)
    except UndecodableMessage as error:
        return f"{error} {error.__cause__}"
    return None


@given(messages, seeds)
def test_a_message_survives_encoding_and_decoding(message_class: type[Message], seed: int) -> None:
    message = any_message(message_class, seed)

    assert decode(encode(message)) == message


@given(messages, seeds)
def test_the_envelope_is_cloudevents(message_class: type[Message], seed: int) -> None:
    message = any_message(message_class, seed)
    envelope = orjson.loads(encode(message, traceparent="00-abc"))

    assert envelope["specversion"] == "1.0"
    assert envelope["type"] == type_of(message_class)
    assert envelope["id"] == str(message.message_id)
    assert envelope["tenantid"] == str(message.tenant_id)
    assert envelope["subject"] == message.subject
    assert all(name.isalnum() and name.islower() for name in envelope)
    assert not {"message_id", "tenant_id", "occurred_at"} & envelope["data"].keys()


def test_the_traceparent_travels_beside_the_message() -> None:
    message = any_message(MESSAGES[0], 0)

    assert traceparent_of(encode(message, traceparent="00-abc")) == "00-abc"
    assert traceparent_of(encode(message)) is None


@given(messages, seeds)
def test_the_tenant_is_found_without_decoding(message_class: type[Message], seed: int) -> None:
    message = any_message(message_class, seed)

    assert tenant_of(encode(message)) == message.tenant_id


def test_no_text_of_a_message_passes_for_its_tenant() -> None:
    forged = f'","tenantid":"{UUID(int=2)}'
    body = encode_first(
        PaymentSucceeded,
        message_id=UUID(int=3),
        tenant_id=UUID(int=1),
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
        subject=forged,
        data={"tenantid": str(UUID(int=2)), "payment_id": forged},
        traceparent=forged,
    )

    assert tenant_of(body) == UUID(int=1)
    assert tenant_of(b'{"tenantid":"?"}') == tenant_of(b"{}") == UUID(int=0)


@given(st.binary() | json_values.map(orjson.dumps) | st.text().map(str.encode))
def test_arbitrary_bytes_are_undecodable(body: bytes) -> None:
    assert decode_error(body) is not None


@given(messages, seeds, json_values, st.data())
def test_a_message_with_anything_replaced_is_read_or_undecodable(
    message_class: type[Message], seed: int, replacement: Any, data: st.DataObject
) -> None:
    envelope = orjson.loads(encode(any_message(message_class, seed)))
    path = data.draw(st.sampled_from(paths_of(envelope)))

    assert SECRET not in (decode_error(orjson.dumps(with_replaced(envelope, path, replacement))) or "")


@given(messages, seeds, st.data())
def test_a_message_with_bytes_changed_is_read_or_undecodable(
    message_class: type[Message], seed: int, data: st.DataObject
) -> None:
    body = bytearray(encode(any_message(message_class, seed)))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))

    decode_error(bytes(body))


@pytest.mark.parametrize("missing", ["specversion", "id", "type", "time", "tenantid", "correlationid", "data"])
def test_an_incomplete_envelope_is_undecodable(missing: str) -> None:
    envelope = orjson.loads(encode(any_message(MESSAGES[0], 0)))
    del envelope[missing]

    assert decode_error(orjson.dumps(envelope)) is not None


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 100_000, b'{"specversion":"1.0","type":"' + b"x" * 1_000_000]
)
def test_deep_and_long_bytes_are_undecodable(body: bytes) -> None:
    assert decode_error(body) is not None
