"""The schemes more than one gateway uses. Every comparison takes the same time whatever differs."""

import hmac
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from orylo_common.control.models import GatewaySecret
from orylo_ingest.gateways.port import AuthenticationFailed, RawWebhook, UnreadableBody

SIGNATURE_HEADER = "X-Signature"
_SIGNATURE_PREFIX = "sha256="


def authenticate_hmac(webhook: RawWebhook, secrets: Sequence[GatewaySecret]) -> UUID:
    """HMAC mode, which any gateway can be switched to: `X-Signature: sha256=<hex>` over the raw body."""
    header = webhook.headers.get(SIGNATURE_HEADER)
    if not header:
        raise AuthenticationFailed(
            "signature_missing",
            f"A relay's body, and every body in HMAC mode, needs {SIGNATURE_HEADER}: sha256=<hex>, HMAC-SHA256 of the "
            "raw body.",
        )
    if not header.startswith(_SIGNATURE_PREFIX):
        raise AuthenticationFailed("signature_malformed", f"{SIGNATURE_HEADER} must look like sha256=<64 hex digits>.")
    return matching_digest(webhook.body, header[len(_SIGNATURE_PREFIX) :], secrets, "sha256")


def authenticate_own_or_relayed(
    webhook: RawWebhook,
    secrets: Sequence[GatewaySecret],
    own: Callable[[RawWebhook, Sequence[GatewaySecret]], UUID],
    is_relayed: Callable[[Any], bool],
) -> UUID:
    """By the gateway's `own` proof, or as relays prove what only they send. What is not proven is not read."""
    not_relayed: AuthenticationFailed | None = None
    if SIGNATURE_HEADER in webhook.headers:
        try:
            secret_id = authenticate_hmac(webhook, secrets)
            if is_relayed(webhook.document()):
                return secret_id
        except AuthenticationFailed as failed:
            not_relayed = failed
    try:
        secret_id = own(webhook, secrets)
    except (AuthenticationFailed, UnreadableBody) as failed:
        raise not_relayed or failed from None
    if is_relayed(webhook.document()):
        return authenticate_hmac(webhook, secrets)
    return secret_id


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
