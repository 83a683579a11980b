import orjson
import pytest

from orylo_ingest.documents.json_repair import repaired
from orylo_ingest.documents.parsing import UnreadableBody
from orylo_ingest.gateways.raw_webhook import MAX_REPAIRED_UNAUTHENTICATED, RawWebhook
from tests.unit.ingest.given import body_of, message_in, recorded_from, stripe


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (rb'{"name":"\ud83dMariana"}', {"name": "?Mariana"}),
        (rb'{"name":"Mariana\ude00","\ud83d":1}', {"name": "Mariana?", "?": 1}),
        (rb'{"name":"\ud83d\ude00 \ud83d"}', {"name": "😀 ?"}),
        ("José".encode("latin-1").join((b'{"name":"', b'"}')), {"name": "José"}),
        ('{"a":"“José” – 5 €"}'.encode("cp1252"), {"a": "“José” – 5 €"}),
        # Cut in the middle of a character, which leaves a byte that is not UTF-8 among others that are.
        ('{"city":"São Paulo","name":"Jo'.encode() + b'\xc3"}', {"city": "São Paulo", "name": "Jo\ufffd"}),
        (b'{"name":"Ana\tMaria\n\x01","a":\n1}', {"name": "Ana\tMaria\n\x01", "a": 1}),
        (b'{"name":"Ana\x00\\u0000\x01"}', {"name": "Ana\x01"}),
        (
            b'{"a":1e999,"b":-1e999,"c":NaN,"d":-Infinity,"e":1.5}',
            {"a": None, "b": None, "c": None, "d": None, "e": 1.5},
        ),
        (
            b'{"a":%s,"b":1e999,"c":12345678901234567890123}' % (b"1" * 5000),
            {"a": None, "b": None, "c": 1.2345678901234568e22},
        ),
        (b"[1e999,18446744073709551615,-9223372036854775808]", [None, 18446744073709551615, -9223372036854775808]),
    ],
)
def test_json_that_orjson_refuses_is_repaired(sent: bytes, read: object) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(sent)
    assert RawWebhook({}, "", sent).document() == read


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_json_is_read_in_any_unicode_encoding(encoding: str) -> None:
    assert RawWebhook({}, "", '{"name":"José"}'.encode(encoding)).document() == {"name": "José"}


@pytest.mark.parametrize(
    "sent",
    [b"{", b'{"a":}', b'{"a":1,}', b"[1 2]", b'{"a":"\\x"}', b"{'a':1}", b"\xff{}", b"[" * 100_000, b'{"a":' * 5000],
)
def test_invalid_json_is_not_repaired(sent: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        repaired(sent)


@pytest.mark.parametrize("depth", [1100, 2000, 100_000])
def test_repaired_json_has_the_usual_limit_of_depth(depth: int) -> None:
    with pytest.raises(UnreadableBody):
        RawWebhook({}, "", b'{"a":1e999,"b":%s%s}' % (b"[" * depth, b"]" * depth)).document()


def test_a_sale_with_half_an_emoji_in_its_buyers_name_is_published() -> None:
    body = orjson.dumps(stripe("charge.succeeded")).replace(b'"name":"', rb'"name":"\ud83d', 1)
    assert rb"\ud83d" in body
    message = message_in(recorded_from("stripe", RawWebhook({}, "", body).document()))
    assert message.payment_id == message_in(recorded_from("stripe", stripe("charge.succeeded"))).payment_id


def test_long_unauthenticated_bodies_are_not_repaired() -> None:
    short = body_of("perfectpay/approved_card.json").replace(b"{", b'{"odd":1e999,', 1)
    assert RawWebhook({}, "", short).unauthenticated_document()["odd"] is None
    long = short.replace(b"{", b'{"more":"%s",' % (b"x" * MAX_REPAIRED_UNAUTHENTICATED), 1)
    with pytest.raises(UnreadableBody):
        RawWebhook({}, "", long).unauthenticated_document()
    assert RawWebhook({}, "", long).document()["odd"] is None
