import base64
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import stripe as stripe_library
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from orylo_ingest.documents.parsing import UnreadableBody
from orylo_ingest.gateways import GATEWAYS, kiwify
from orylo_ingest.gateways.authentication import authenticate_hmac
from orylo_ingest.gateways.port import AuthenticationFailed
from orylo_ingest.gateways.raw_webhook import RawWebhook
from tests.unit.ingest.given import VECTORS, body_of, secret

NOW = datetime(2026, 3, 10, 17, 22, 45, tzinfo=UTC)
STRIPE, HOTMART = GATEWAYS["stripe"], GATEWAYS["hotmart"]


def webhook(vector: dict[str, Any]) -> RawWebhook:
    query = "&".join(f"{key}={value}" for key, value in vector.get("query", {}).items())
    headers = CIMultiDict(vector.get("headers", {}))
    if "signature" in vector:
        headers["X-Signature"] = f"sha256={vector['signature']}"
    return RawWebhook(headers, query, base64.b64decode(vector["body_base64"]))


def authenticate(vector: dict[str, Any]) -> int:
    secrets = [secret(value, number) for number, value in enumerate(vector["secrets"], 1)]
    now = datetime.fromtimestamp(vector["now"], UTC) if "now" in vector else NOW
    if vector["gateway"].endswith("-simplified"):
        return authenticate_hmac(webhook(vector), secrets).int
    return GATEWAYS[vector["gateway"]].authenticate(webhook(vector), secrets, now).int


@pytest.mark.parametrize(
    "vector",
    [vector for vector in VECTORS if vector["gateway"].removesuffix("-simplified") in GATEWAYS],
    ids=lambda vector: f"{vector['gateway']}-{vector['name']}",
)
def test_signature_vectors(vector: dict[str, Any]) -> None:
    if vector["valid"]:
        assert authenticate(vector) in range(1, len(vector["secrets"]) + 1)
    else:
        with pytest.raises(AuthenticationFailed) as failed:
            authenticate(vector)
        assert failed.value.code
        assert failed.value.advice.endswith(".")


def test_authentication_returns_the_secret_that_matched() -> None:
    assert authenticate(next(v for v in VECTORS if v["name"] == "rotation_receiver_has_both")) == 2


def official(header: str, body: bytes, now: datetime) -> bool:
    """Return whether the official library accepts the signature at `now`."""
    try:
        stripe_library.WebhookSignature.verify_header(body.decode(), header, "whsec_x", tolerance=None)
        timestamp, _ = stripe_library.WebhookSignature._get_timestamp_and_signatures(header, "v1")
    except (stripe_library.SignatureVerificationError, ValueError):
        return False
    return bool(timestamp >= now.timestamp() - 300)


def ours(header: str, body: bytes, now: datetime) -> bool:
    try:
        STRIPE.authenticate(RawWebhook({"Stripe-Signature": header}, "", body), [secret("whsec_x")], now)
    except AuthenticationFailed:
        return False
    return True


def signature(body: bytes, at: int, key: str = "whsec_x") -> str:
    return hmac.digest(key.encode(), b"%d." % at + body, "sha256").hex()


BODY = body_of("stripe/payment_intent.succeeded.json")
AT = int(NOW.timestamp())


@pytest.mark.parametrize("age", [-3600, 0, 299, 300, 301, 86_400])
def test_the_tolerance_is_that_of_the_official_library(age: int) -> None:
    header = f"t={AT - age},v1={signature(BODY, AT - age)}"
    assert ours(header, BODY, NOW) == official(header, BODY, NOW) == (age <= 300)


def test_a_header_made_by_the_official_library_is_accepted() -> None:
    header = stripe_library.WebhookSignature.generate_signature_header(BODY.decode(), "whsec_x", timestamp=AT)
    assert ours(header, BODY, NOW)


RIGHT = signature(BODY, AT)
PARTS = (f"t={AT}", f"t={AT + 1}", "t=", "t=x", f"v1={RIGHT}", f"v1={signature(BODY, AT + 1)}", f"v1={RIGHT[:-1]}0")
# The library refuses a header that has a part without "="; ours ignores the part.
ODD_PARTS = (f"v0={RIGHT}", "v1=", "v2=x", "v1=é")


@given(st.lists(st.sampled_from((*PARTS, *ODD_PARTS)), max_size=5))
def test_any_header_gets_the_result_of_the_official_library(parts: list[str]) -> None:
    header = ",".join(parts)
    # The library raises TypeError when it compares a signature that is not ASCII.
    if "é" not in header:
        assert ours(header, BODY, NOW) == official(header, BODY, NOW)
    else:
        assert ours(header, BODY, NOW) == ours(header.replace("v1=é", "v1=e"), BODY, NOW)


def test_an_empty_secret_never_authenticates() -> None:
    header = f"t={AT},v1={signature(BODY, AT, key='')}"
    with pytest.raises(AuthenticationFailed):
        STRIPE.authenticate(RawWebhook({"Stripe-Signature": header}, "", BODY), [secret("")], NOW)
    with pytest.raises(AuthenticationFailed):
        STRIPE.authenticate(RawWebhook({"Stripe-Signature": header}, "", BODY), [], NOW)


def hotmart_webhook(name: str, **headers: str) -> RawWebhook:
    return RawWebhook(CIMultiDict(headers), "", body_of(f"hotmart/{name}"))


def test_hotmarts_token_may_be_in_the_body() -> None:
    secrets = [secret("other", 1), secret("hottok-fixture-not-a-secret", 2)]
    for name in ("v1_purchase_approved.form.txt", "v1_purchase_approved.json", "v1_cart_abandonment.json"):
        assert HOTMART.authenticate(hotmart_webhook(name), secrets, NOW).int == 2


def test_a_right_token_in_the_body_does_not_excuse_a_wrong_header() -> None:
    forged = hotmart_webhook("v1_purchase_approved.json", **{"X-Hotmart-Hottok": "wrong"})
    with pytest.raises(AuthenticationFailed) as failed:
        HOTMART.authenticate(forged, [secret("hottok-fixture-not-a-secret")], NOW)
    assert failed.value.code == "token_mismatch"


def test_a_repeated_token_field_is_ignored() -> None:
    forged = RawWebhook({}, "", b"hottok=wrong&hottok=right&transaction=HP1&prod=1&status=approved")
    with pytest.raises(AuthenticationFailed) as failed:
        HOTMART.authenticate(forged, [secret("right")], NOW)
    assert failed.value.code == "token_missing"


def test_hotmarts_simplified_form_is_signed_even_in_native_mode() -> None:
    body = body_of("hotmart/simplified_approved.json")
    signed = RawWebhook({"X-Signature": "sha256=" + hmac.digest(b"key", body, "sha256").hex()}, "", body)
    assert HOTMART.authenticate(signed, [secret("key")], NOW).int == 1
    with pytest.raises(AuthenticationFailed):
        HOTMART.authenticate(RawWebhook({}, "", body.replace(b"{", b'{"hottok":"key",', 1)), [secret("key")], NOW)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "signature_missing"),
        ("", "signature_missing"),
        ("deadbeef", "signature_malformed"),
        ("sha1=deadbeef", "signature_malformed"),
        ("sha256=deadbeef", "signature_mismatch"),
        ("sha256=é", "signature_mismatch"),
    ],
)
def test_hmac_mode_gives_the_reason_for_a_rejection(header: str | None, code: str) -> None:
    headers = {} if header is None else {"X-Signature": header}
    with pytest.raises(AuthenticationFailed) as failed:
        authenticate_hmac(RawWebhook(headers, "", b"{}"), [secret("key")])
    assert failed.value.code == code


def test_a_relay_may_write_its_signature_in_capitals() -> None:
    signature = hmac.digest(b"key", b"{}", "sha256").hex().upper()
    assert authenticate_hmac(RawWebhook({"X-Signature": f"sha256={signature}"}, "", b"{}"), [secret("key")]).int == 1


def test_hmac_mode_signs_the_raw_body() -> None:
    body = b'{"a": 1}'
    right = "sha256=" + hmac.digest(b"key", body, "sha256").hex()
    assert authenticate_hmac(RawWebhook({"X-Signature": right}, "", body), [secret("no", 1), secret("key", 2)]).int == 2
    with pytest.raises(AuthenticationFailed):
        authenticate_hmac(RawWebhook({"X-Signature": right}, "", b'{"a":1}'), [secret("key")])


@pytest.mark.parametrize(
    "body", [b"", b"   ", b"\xff\xfe", b"{", b'{"a":}', b"plain text", b'"text"', b"[1,", b"\x00" * 50]
)
def test_a_body_that_is_neither_json_nor_a_form_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableBody):
        RawWebhook({}, "", body).document()


def test_a_byte_order_mark_and_blanks_are_ignored() -> None:
    assert RawWebhook({}, "", b'\xef\xbb\xbf \n{"a":1}\n').document() == {"a": 1}


def test_nul_characters_are_removed_everywhere() -> None:
    assert RawWebhook({}, "", b'{"a\\u0000b":["x\\u0000",{"y":"\\u0000"}]}').document() == {"ab": ["x", {"y": ""}]}
    assert RawWebhook({}, "", b"a=x%00y").document() == {"a": "xy"}


def test_a_form_is_read_as_utf8() -> None:
    document = RawWebhook({}, "", body_of("hotmart/v1_purchase_approved.form.txt")).document()
    assert document["address_city"] == "São Paulo"


@pytest.mark.parametrize("depth", [10, 900, 1000, 1020])
def test_nul_characters_are_removed_at_any_depth(depth: int) -> None:
    inner = RawWebhook({}, "", b'{"a":%s"x\\u0000y"%s}' % (b"[" * depth, b"]" * depth)).document()["a"]
    for _ in range(depth):
        (inner,) = inner
    assert inner == "xy"


def test_only_escapes_of_nul_are_removed() -> None:
    body = rb'{"a":"\\u0000","b":"\\\u0000","c":"\u0000\u0000\\u0000\u0000","d":"\u0\u0000000"}'
    with pytest.raises(UnreadableBody):
        RawWebhook({}, "", body).document()
    body = body.replace(rb',"d":"\u0\u0000000"', b"")
    assert RawWebhook({}, "", body).document() == {"a": r"\u0000", "b": "\\", "c": r"\u0000"}


def test_a_form_field_may_be_repeated_up_to_the_limit_of_length() -> None:
    assert RawWebhook({}, "", b"&".join([b"a=x%00"] * 900)).document() == {"a": ["x"] * 900}
    assert RawWebhook({}, "", b"a=%0%000").document() == {"a": "%00"}
    with pytest.raises(UnreadableBody):
        RawWebhook({}, "", b"&".join([b"a=x%00"] * 1001)).document()


def kiwify_signature(signed: bytes, key: bytes = b"token") -> str:
    return hmac.digest(key, signed, "sha1").hex()


KIWIFY = GATEWAYS["kiwify"]
ORDER = body_of("kiwify/order_approved_card.json").strip()
FORGED = ORDER.replace(b"6f1c2b34", b"ffffffff").replace(b'"charge_amount": ', b'"charge_amount": 9')


def wrapper(*members: bytes, signature: str) -> RawWebhook:
    return RawWebhook(
        {}, "", b'{"url": "https://x", "signature": "%s", %s}' % (signature.encode(), b", ".join(members))
    )


def test_only_the_signed_part_of_a_wrapped_order_is_read() -> None:
    webhook = wrapper(b'"event": "x"', b'"order" : %s ' % ORDER, b'"more": [1]', signature=kiwify_signature(ORDER))
    assert KIWIFY.authenticate(webhook, [secret("token")], NOW).int == 1
    assert webhook.document() == orjson.loads(ORDER)
    assert webhook.body == ORDER


@pytest.mark.parametrize(
    "members",
    [
        (b'"order": %s' % ORDER, b'"order": %s' % FORGED),
        (b'"order": %s' % FORGED, b'"order": %s' % ORDER),
        (b'"order": %s' % ORDER, b'"\\u006frder": %s' % FORGED),
        (b'"order": %s' % ORDER, b'"order": {}'),
        (b'"inner": {"order": %s}' % ORDER, b'"order": %s' % FORGED),
        (b'"order": %s' % FORGED, b'"inner": {"order": %s}' % ORDER),
        (b'"inner": "\\"order\\": 1"', b'"order": %s' % FORGED),
    ],
)
def test_a_forged_order_beside_a_signed_one_is_rejected(members: tuple[bytes, ...]) -> None:
    with pytest.raises(AuthenticationFailed) as failed:
        KIWIFY.authenticate(wrapper(*members, signature=kiwify_signature(ORDER)), [secret("token")], NOW)
    assert failed.value.code in ("signature_malformed", "signature_mismatch")


def test_the_signature_of_an_empty_text_does_not_prove_a_wrapper_without_an_order() -> None:
    for members in ((b'"order": null',), (b'"order": ""',), (b'"orders": {}',)):
        with pytest.raises(AuthenticationFailed):
            KIWIFY.authenticate(wrapper(*members, signature=kiwify_signature(b"")), [secret("token")], NOW)


def test_a_query_with_too_many_parameters_is_rejected() -> None:
    query = "&".join(f"p{number}=1" for number in range(200)) + f"&signature={kiwify_signature(ORDER)}"
    with pytest.raises(AuthenticationFailed) as failed:
        KIWIFY.authenticate(RawWebhook({}, query, ORDER), [secret("token")], NOW)
    assert failed.value.code == "signature_malformed"


RELAYED = {
    "hotmart": body_of("hotmart/simplified_approved.json"),
    "kiwify": body_of("kiwify/simplified_completed.json"),
}


@pytest.mark.parametrize(
    ("gateway", "headers", "query", "body"),
    [
        ("hotmart", {"X-HOTMART-HOTTOK": "key"}, "", RELAYED["hotmart"]),
        ("hotmart", {}, "", RELAYED["hotmart"].replace(b"{", b'{"hottok":"key",', 1)),
        ("hotmart", {"X-HOTMART-HOTTOK": "key"}, "", RELAYED["hotmart"].replace(b"{", b'{"buyerVO":{},', 1)),
        ("kiwify", {}, f"signature={kiwify_signature(RELAYED['kiwify'], b'key')}", RELAYED["kiwify"]),
        (
            "kiwify",
            {},
            "",
            b'{"signature":"%s","order":%s}'
            % (kiwify_signature(RELAYED["kiwify"].strip(), b"key").encode(), RELAYED["kiwify"].strip()),
        ),
    ],
)
def test_a_relayed_body_needs_the_relays_signature(
    gateway: str, headers: dict[str, str], query: str, body: bytes
) -> None:
    with pytest.raises(AuthenticationFailed) as failed:
        GATEWAYS[gateway].authenticate(RawWebhook(CIMultiDict(headers), query, body), [secret("key")], NOW)
    assert failed.value.code == "signature_missing"
    headers["X-Signature"] = "sha256=" + hmac.digest(b"key", body, "sha256").hex()
    webhook = RawWebhook(CIMultiDict(headers), query, body)
    assert GATEWAYS[gateway].authenticate(webhook, [secret("key")], NOW).int == 1


def result_of(gateway: str, headers: dict[str, str], query: str, body: bytes) -> str:
    try:
        GATEWAYS[gateway].authenticate(RawWebhook(CIMultiDict(headers), query, body), [secret("key")], NOW)
    except AuthenticationFailed:
        return "401"
    except UnreadableBody:
        return "400"
    return "proven"


@pytest.mark.parametrize("gateway", ["kiwify", "hotmart"])
def test_a_signed_body_with_any_byte_changed_is_rejected(gateway: str) -> None:
    body = RELAYED[gateway]
    signed = {"X-Signature": "sha256=" + hmac.digest(b"key", body, "sha256").hex()}
    assert result_of(gateway, signed, "", body) == "proven"
    changed = {result_of(gateway, signed, "", body[:at] + b"\x01" + body[at + 1 :]) for at in range(len(body))}
    assert changed == {"401"}


def test_an_order_signed_in_the_query_with_any_byte_changed_is_rejected() -> None:
    query = f"signature={kiwify_signature(ORDER, b'key')}"
    assert result_of("kiwify", {}, query, ORDER) == "proven"
    changed = {result_of("kiwify", {}, query, ORDER[:at] + b"\x01" + ORDER[at + 1 :]) for at in range(len(ORDER))}
    assert changed == {"401"}


def test_only_an_authenticated_body_is_reported_as_unreadable() -> None:
    assert result_of("kiwify", {}, f"signature={kiwify_signature(b'{', b'key')}", b"{") == "400"
    assert result_of("hotmart", {"X-HOTMART-HOTTOK": "key"}, "", b"{") == "400"
    assert result_of("hotmart", {"X-HOTMART-HOTTOK": "guessed"}, "", b"{") == "401"
    assert result_of("hotmart", {}, "", b"{") == "401"


@pytest.mark.parametrize(
    ("gateway", "headers", "query"),
    [
        ("kiwify", {}, "signature=guessed"),
        ("kiwify", {"X-Signature": "sha256=guessed"}, "signature=guessed"),
        ("hotmart", {"X-HOTMART-HOTTOK": "guessed"}, ""),
        ("hotmart", {"X-HOTMART-HOTTOK": "guessed", "X-Signature": "sha256=guessed"}, ""),
    ],
)
def test_an_unauthenticated_body_is_not_parsed(
    gateway: str, headers: dict[str, str], query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RawWebhook, "document", lambda _: pytest.fail("it was read"))
    assert result_of(gateway, headers, query, RELAYED[gateway]) == "401"


def test_a_wrapper_with_too_many_members_is_rejected_after_the_first_few(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0

    def raw_decode(text: str, at: int) -> tuple[Any, int]:
        nonlocal looked_at
        looked_at += 1
        return json.JSONDecoder().raw_decode(text, at)

    monkeypatch.setattr(kiwify._DECODER, "raw_decode", raw_decode)
    many = b",".join(b'"%d":1' % number for number in range(5_000))
    assert result_of("kiwify", {}, "", b'{"signature":"x","order":{},%s}' % many) == "401"
    assert 0 < looked_at <= 20
    looked_at = 0
    many = b",".join(b'"%d":1' % number for number in range(100_000))
    assert result_of("kiwify", {}, "", b'{"signature":"x","order":{%s}}' % many) == "401"
    assert looked_at == 0


@pytest.mark.parametrize(
    "body", [b"{", b"{,", b'{"order"', b'{"signature":"x"', b"[]", b"{[1]:2}", b"\xff{}", b"{" * 50_000]
)
def test_a_body_that_is_no_wrapper_is_rejected(body: bytes) -> None:
    assert result_of("kiwify", {}, "", body) == "401"


@pytest.mark.parametrize("odd", [rb'"\ud83dMariana"', b'"Jos\xe9"', b'"Ana\tMaria"', b"1e999"])
def test_a_wrapped_order_that_is_only_nearly_json_is_verified_byte_by_byte(odd: bytes) -> None:
    order = ORDER.replace(b"{", b'{"odd": %s,' % odd, 1)
    webhook = wrapper(b'"order": %s' % order, signature=kiwify_signature(order))
    assert KIWIFY.authenticate(webhook, [secret("token")], NOW).int == 1
    assert webhook.body == order
    assert webhook.document()["order_id"] == orjson.loads(ORDER)["order_id"]
