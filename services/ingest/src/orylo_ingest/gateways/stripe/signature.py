"""Authenticate webhooks by the `Stripe-Signature` header."""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from orylo_common.control.models import GatewaySecret
from orylo_ingest.gateways.authentication import mismatch
from orylo_ingest.gateways.port import AuthenticationFailed
from orylo_ingest.gateways.raw_webhook import RawWebhook

SIGNATURE_HEADER = "Stripe-Signature"
TOLERANCE_S = 300
# Stripe's own libraries accept any time ahead. A clock that is wrong by hours must not lose an event, but a signature
# dated further ahead could be replayed for as long.
TOLERANCE_AHEAD_S = 86_400
# The header's form, except while a secret is being rolled.
_USUAL_HEADER = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")
# Two while a secret is being rolled. More would be an attempt to waste our CPU time.
_MAX_SIGNATURES = 10


def authenticate(webhook: RawWebhook, secrets: Sequence[GatewaySecret], now: datetime) -> UUID:
    timestamp, signatures = _signature_parts(webhook.headers.get(SIGNATURE_HEADER))
    signed = timestamp + b"." + webhook.body
    secret = next((secret for secret in secrets if _signed_with(secret, signed, signatures)), None)
    if secret is None:
        raise mismatch()
    if int(timestamp) < int(now.timestamp()) - TOLERANCE_S:
        raise AuthenticationFailed(
            "timestamp_too_old",
            f"The signature is more than {TOLERANCE_S} s old. An event that is sent again must be signed again, and "
            "the clock of this server must be right.",
        )
    if int(timestamp) > int(now.timestamp()) + TOLERANCE_AHEAD_S:
        raise AuthenticationFailed(
            "timestamp_too_new",
            f"The signature is dated more than {TOLERANCE_AHEAD_S} s ahead. The clock of this server must be right.",
        )
    return secret.id


def _signed_with(secret: GatewaySecret, signed: bytes, signatures: Sequence[bytes]) -> bool:
    if not secret.value:
        return False
    expected = hmac.digest(secret.value, signed, "sha256").hex().encode()
    return any(hmac.compare_digest(expected, signature) for signature in signatures)


def _signature_parts(header: str | None) -> tuple[bytes, list[bytes]]:
    """Return the timestamp as signed, and every `v1` signature. `v0` is ignored."""
    if not header:
        raise AuthenticationFailed(
            "signature_missing",
            f"The {SIGNATURE_HEADER} header is missing. This endpoint accepts webhooks from Stripe.",
        )
    if usual := _USUAL_HEADER.fullmatch(header):
        return usual[1].encode(), [usual[2].encode()]
    # A proxy that joins the parts may put blanks around the commas.
    parts = [part.strip(" \t").partition("=") for part in header.split(",")]
    timestamp = next((value for key, _, value in parts if key == "t"), "")
    signatures = [value.encode("utf-8", "replace") for key, _, value in parts if key == "v1"]
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12 and signatures):
        raise AuthenticationFailed(
            "signature_malformed", f"{SIGNATURE_HEADER} must contain a timestamp t=… and at least one signature v1=…."
        )
    return timestamp.encode(), signatures[:_MAX_SIGNATURES]
