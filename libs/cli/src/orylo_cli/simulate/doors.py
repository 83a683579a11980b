"""How a tenant's gateways get in: which are switched on, and how their deliveries are authenticated."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from orylo_cli.simulate.hotmart import HOTTOK_HEADER
from orylo_cli.simulate.stripe import signature_header

Gateway = Literal["stripe", "hotmart"]


@dataclass(frozen=True, slots=True)
class Door:
    """One gateway's way in. `hmac`: the tenant has switched it to signatures over the raw body."""

    gateway: Gateway
    secret: str
    mode: Literal["native", "hmac"] = "native"

    def headers(self, body: bytes, at: int) -> Mapping[str, str]:
        """The headers of a delivery made at this Unix second."""
        return {"Content-Type": "application/json; charset=utf-8", **self._authentication(body, at)}

    def _authentication(self, body: bytes, at: int) -> Mapping[str, str]:
        if self.mode == "hmac":
            digest = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
            return {"X-Signature": f"sha256={digest}"}
        if self.gateway == "stripe":
            return {"Stripe-Signature": signature_header(self.secret, body, at)}
        return {HOTTOK_HEADER: self.secret}
