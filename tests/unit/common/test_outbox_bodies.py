"""Bodies in the outbox are compressed, and come back unchanged."""

import zlib

import orjson
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from orylo_common.postgres.outbox_bodies import _DICTIONARY, compress, decompress

MESSAGE = """{"specversion":"1.0","id":"01a21ddf-8844-770a-9cf5-426a94935c96","source":"orylo/trust",
    "type":"trust.updated.v1","subject":"cus_af0ab2d3fbebcb583a541e1be976e354","time":"2026-03-09T11:02:31+00:00",
    "datacontenttype":"application/json","tenantid":"01a21ddf-7d1e-7155-931d-96e4c018db92","data":{
    "customer_id":"cus_af0ab2d3fbebcb583a541e1be976e354","version":1,"score_before":50,"score_after":52,
    "status":"neutral","cause":"clean_payment","source_event_id":"838067bc-fcbd-59fd-b777-a91ff08b6fed"}}"""


@given(st.binary(max_size=2000))
def test_a_compressed_body_comes_back_unchanged(body: bytes) -> None:
    assert decompress(compress(body)) == body


def test_a_body_stored_as_encoded_is_read_unchanged() -> None:
    assert decompress(b'{"specversion":"1.0"}') == b'{"specversion":"1.0"}'


def test_a_typical_message_takes_at_most_half_of_its_size() -> None:
    body = orjson.dumps(orjson.loads(MESSAGE))
    assert len(compress(body)) < len(body) / 2


def test_the_dictionary_never_changes() -> None:
    """Outbox rows of an earlier version can only be read with it."""
    assert zlib.adler32(_DICTIONARY.as_bytes()) == 1943144538


def test_a_damaged_body_is_an_error() -> None:
    with pytest.raises(zstandard.ZstdError):
        decompress(compress(b'{"a": 1}')[:-1])
