"""The schemes more than one gateway uses. Every comparison takes the same time whatever differs."""

import hmac
from collections.abc import Sequence
from uuid import UUID

from orylo_common.control.models import GatewaySecret
from orylo_ingest.gateways.port import AuthenticationFailed, RawWebhook

SIGNATURE_HEADER = "X-Signature"
_SIGNATURE_PREFIX = "sha256="


def authenticate_hmac(webhook: RawWebhook, secrets: Sequence[GatewaySecret]) -> UUID:
    """HMAC mode, which any gateway can be switched to: `X-Signature: sha256=<hex>` over the raw body."""
    header = webhook.headers.get(SIGNATURE_HEADER)
    if not header:
        raise AuthenticationFailed(
            "signature_missing",
            f"This endpoint is set to HMAC mode: send {SIGNATURE_HEADER}: sha256=<hex>, HMAC-SHA256 of the raw body.",
        )
    if not header.startswith(_SIGNATURE_PREFIX):
        raise AuthenticationFailed("signature_malformed", f"{SIGNATURE_HEADER} must look like sha256=<64 hex digits>.")
    return matching_digest(webhook.body, header[len(_SIGNATURE_PREFIX) :], secrets, "sha256")


def matching_digest(body: bytes, signature: str, secrets: Sequence[GatewaySecret], digest: str) -> UUID:
    """The secret under which the body's HMAC in hex is `signature`."""
    given = signature.encode("utf-8", "replace")
    for secret in secrets:
        expected = hmac.digest(secret.value, body, digest).hex().encode()
        if secret.value and hmac.compare_digest(expected, given):
            return secret.id
    raise mismatch()


def matching_token(token: object, secrets: Sequence[GatewaySecret]) -> UUID:
    """The secret that is `token`."""
    if not isinstance(token, str) or not token:
        raise AuthenticationFailed("token_missing", "The gateway's token is missing from the request.")
    given = token.encode("utf-8", "replace")
    for secret in secrets:
        if secret.value and hmac.compare_digest(secret.value, given):
            return secret.id
    raise AuthenticationFailed("token_mismatch", "The token is none of the secrets set for this gateway.")


def mismatch() -> AuthenticationFailed:
    return AuthenticationFailed(
        "signature_mismatch",
        "The signature fits none of the secrets set for this gateway. Check that the secret is this endpoint's own, "
        "and that nothing between the gateway and here rewrites the body.",
    )
