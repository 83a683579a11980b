import hmac
from datetime import UTC, datetime

import pytest
from multidict import CIMultiDict

from orylo_ingest.gateways.port import AuthenticationFailed
from orylo_ingest.gateways.raw_webhook import RawWebhook
from orylo_ingest.gateways.stripe.signature import TOLERANCE_AHEAD_S, TOLERANCE_S, authenticate
from tests.unit.ingest.given import secret

NOW = datetime(2026, 3, 10, 17, 22, 45, tzinfo=UTC)
BODY = b'{"id":"evt_1"}'
KEY = "whsec_secret"


def signed(ahead_s: int) -> RawWebhook:
    at = int(NOW.timestamp()) + ahead_s
    signature = hmac.digest(KEY.encode(), b"%d." % at + BODY, "sha256").hex()
    return RawWebhook(CIMultiDict({"Stripe-Signature": f"t={at},v1={signature}"}), "", BODY)


@pytest.mark.parametrize("ahead_s", [-TOLERANCE_S, 0, TOLERANCE_AHEAD_S])
def test_a_signature_within_the_tolerance_is_accepted(ahead_s: int) -> None:
    assert authenticate(signed(ahead_s), [secret(KEY)], NOW)


@pytest.mark.parametrize(
    ("ahead_s", "code"),
    [
        (-TOLERANCE_S - 1, "timestamp_too_old"),
        (TOLERANCE_AHEAD_S + 1, "timestamp_too_new"),
        (365 * 86_400, "timestamp_too_new"),
        (999_999_999_999 - int(NOW.timestamp()), "timestamp_too_new"),
    ],
)
def test_a_signature_beyond_the_tolerance_is_rejected_in_both_directions(ahead_s: int, code: str) -> None:
    with pytest.raises(AuthenticationFailed) as failed:
        authenticate(signed(ahead_s), [secret(KEY)], NOW)
    assert failed.value.code == code
