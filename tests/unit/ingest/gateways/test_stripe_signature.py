"""`Stripe-Signature` as proxies rewrite it."""

import hmac
from datetime import UTC, datetime

import pytest
from multidict import CIMultiDict

from orylo_ingest.gateways.port import AuthenticationFailed
from orylo_ingest.gateways.raw_webhook import RawWebhook
from orylo_ingest.gateways.stripe.signature import authenticate
from tests.unit.ingest.given import secret

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
BODY = b'{"id": "evt_1"}'
V1 = hmac.digest(b"whsec_1", b"%d." % AT + BODY, "sha256").hex()
OTHER = "0" * 64


def result_of(header: str) -> str:
    """Return `accepted`, or the code of the rejection."""
    try:
        authenticate(RawWebhook(CIMultiDict({"Stripe-Signature": header}), "", BODY), [secret("whsec_1")], NOW)
    except AuthenticationFailed as failed:
        return failed.code
    return "accepted"


@pytest.mark.parametrize(
    "header",
    [
        f"t={AT}, v1={V1}",
        f"t={AT} , v1={V1}",
        f"t={AT},\tv1={V1}",
        f" t={AT},  v1={V1} ",
        f"v1={V1}, t={AT}",
        f"t={AT}, v1={OTHER}, v1={V1}, v0={OTHER}",
    ],
)
def test_blanks_around_the_commas_are_accepted(header: str) -> None:
    assert result_of(header) == "accepted"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (f"t = {AT}, v1={V1}", "signature_malformed"),
        (f"t= {AT}, v1={V1}", "signature_malformed"),
        (f"t={AT}, v1= {V1}", "signature_mismatch"),
        (f"t={AT} v1={V1}", "signature_malformed"),
        (f"t={AT}; v1={V1}", "signature_malformed"),
        (f"T={AT}, V1={V1}", "signature_malformed"),
        (f"t={AT},\u00a0v1={V1}", "signature_malformed"),
        (f"t={AT}, v1={V1.upper()}", "signature_mismatch"),
        (f"t={AT}, v1={OTHER}", "signature_mismatch"),
        (f"t={AT}, v0={V1}", "signature_malformed"),
    ],
)
def test_anything_else_is_as_strict_as_before(header: str, code: str) -> None:
    assert result_of(header) == code
