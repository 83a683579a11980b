"""Authenticate a webhook that Orylo sends itself, as the gateway would."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from orylo_common.control.models import GatewayName, Mode

SIGNATURE_HEADER = "X-Signature"
STRIPE_HEADER = "Stripe-Signature"
HOTTOK_HEADER = "X-HOTMART-HOTTOK"
KIWIFY_PARAMETER = "signature"


@dataclass(frozen=True, slots=True)
class WebhookSigner:
    """Signs one gateway's webhooks. In mode `hmac`, X-Signature covers the raw body, whatever the gateway.

    PerfectPay's own webhooks have the secret in their body, as `token`, and no header.
    """

    gateway: GatewayName
    secret: str = field(repr=False)
    mode: Mode = "native"

    def headers(self, body: bytes, at: int) -> Mapping[str, str]:
        """Return the headers of a webhook that is sent at this Unix second."""
        return {"Content-Type": "application/json; charset=utf-8", **self._authentication(body, at)}

    def query(self, body: bytes) -> Mapping[str, str]:
        """Return the parameters of the webhook's URL."""
        if self.mode == "native" and self.gateway == "kiwify":
            return {KIWIFY_PARAMETER: self._digest(body, "sha1")}
        return {}

    def _authentication(self, body: bytes, at: int) -> Mapping[str, str]:
        if self.mode == "hmac":
            return {SIGNATURE_HEADER: f"sha256={self._digest(body, 'sha256')}"}
        if self.gateway == "stripe":
            return {STRIPE_HEADER: f"t={at},v1={self._digest(b'%d.' % at + body, 'sha256')}"}
        if self.gateway == "hotmart":
            return {HOTTOK_HEADER: self.secret}
        return {}

    def _digest(self, signed: bytes, algorithm: str) -> str:
        return hmac.digest(self.secret.encode(), signed, algorithm).hex()
