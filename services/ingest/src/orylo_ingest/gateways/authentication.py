"""Authentication schemes shared by several gateways. All comparisons take constant time."""

import hmac
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from orylo_common.control.models import GatewaySecret
from orylo_ingest.documents.parsing import UnreadableBody
from orylo_ingest.gateways.port import AuthenticationFailed
from orylo_ingest.gateways.raw_webhook import RawWebhook

SIGNATURE_HEADER = "X-Signature"
_SIGNATURE_PREFIX = "sha256="


def authenticate_hmac(webhook: RawWebhook, secrets: Sequence[GatewaySecret]) -> UUID:
    """Authenticate in HMAC mode, which every gateway supports: `X-Signature: sha256=<hex>` over the raw body."""
    header = webhook.headers.get(SIGNATURE_HEADER)
    if not header:
        raise AuthenticationFailed(
            "signature_missing",
            f"A relay's body, and in HMAC mode every body, needs the header {SIGNATURE_HEADER}: sha256=<hex>, the "
            "HMAC-SHA256 of the raw body.",
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
    """Authenticate by the gateway's `own` scheme, or by HMAC if only a relay can have sent the body.

    The body is not read before it is authenticated.
    """
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
    """Return the id of the secret with which the body's HMAC, in hex, is `signature`. Some relays write capitals."""
    given = signature.lower().encode("utf-8", "replace")
    for secret in secrets:
        expected = hmac.digest(secret.value, body, digest).hex().encode()
        if secret.value and hmac.compare_digest(expected, given):
            return secret.id
    raise mismatch()


def matching_token(token: object, secrets: Sequence[GatewaySecret]) -> UUID:
    """Return the id of the secret that equals `token`."""
    if not isinstance(token, str) or not token:
        raise AuthenticationFailed("token_missing", "The gateway's token is missing from the request.")
    given = token.encode("utf-8", "replace")
    for secret in secrets:
        if secret.value and hmac.compare_digest(secret.value, given):
            return secret.id
    raise AuthenticationFailed("token_mismatch", "The token matches none of the secrets set for this gateway.")


def mismatch() -> AuthenticationFailed:
    return AuthenticationFailed(
        "signature_mismatch",
        "The signature matches none of the secrets set for this gateway. Check that the secret belongs to this "
        "endpoint, and that no proxy between the gateway and Orylo rewrites the body.",
    )
