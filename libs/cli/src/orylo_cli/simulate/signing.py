"""Authentication of simulated webhooks, as each gateway does it."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from orylo_cli.simulate.hotmart import HOTTOK_HEADER
from orylo_cli.simulate.stripe import signature_header

SimulatedGateway = Literal["stripe", "hotmart"]


@dataclass(frozen=True, slots=True)
class WebhookSigner:
    """Signs one gateway's webhooks. In mode `hmac`, X-Signature covers the raw body, whatever the gateway."""

    gateway: SimulatedGateway
    secret: str
    mode: Literal["native", "hmac"] = "native"

    def headers(self, body: bytes, at: int) -> Mapping[str, str]:
        """Return the headers of a webhook that is sent at this Unix second."""
        return {"Content-Type": "application/json; charset=utf-8", **self._authentication(body, at)}

    def _authentication(self, body: bytes, at: int) -> Mapping[str, str]:
        if self.mode == "hmac":
            digest = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
            return {"X-Signature": f"sha256={digest}"}
        if self.gateway == "stripe":
            return {"Stripe-Signature": signature_header(self.secret, body, at)}
        return {HOTTOK_HEADER: self.secret}
