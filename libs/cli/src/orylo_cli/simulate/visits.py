"""Tracking calls, as the tracking script sends them from the merchant's page."""

from dataclasses import dataclass
from random import Random

import orjson

from orylo_cli.simulate.buyers import Buyer

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_CAMPAIGNS = ("lancamento", "remarketing", "sempre_aberto")


@dataclass(frozen=True, slots=True)
class SimulatedVisit:
    """A visit from an advertisement, whose click id and Meta cookies reach the checkout."""

    click_id: str
    campaign: str
    fbclid: str
    fbc: str
    fbp: str
    at_ms: int

    def body(self, *, buyer: Buyer, kind: str) -> bytes:
        """Return the body of a tracking call. Only a checkout names the visitor."""
        call = {
            "kind": kind,
            "click_id": self.click_id,
            "clicked_at": self.at_ms,
            "url": f"https://loja.example.com/{'checkout' if kind == 'checkout' else 'oferta'}",
            "fbclid": self.fbclid,
            "fbc": self.fbc,
            "fbp": self.fbp,
            "utm_source": "facebook",
            "utm_medium": "paid_social",
            "utm_campaign": self.campaign,
        }
        return orjson.dumps(call | {"email": buyer.email} if kind == "checkout" else call)

    def metadata(self) -> dict[str, str]:
        """Return the metadata that the merchant's checkout passes to Stripe, by which the sale is attributed."""
        return {
            "click_id": self.click_id,
            "utm_source": "facebook",
            "utm_medium": "paid_social",
            "utm_campaign": self.campaign,
            "fbc": self.fbc,
            "fbp": self.fbp,
        }


def new_visit(rng: Random, at_ms: int) -> SimulatedVisit:
    fbclid = "IwAR" + "".join(rng.choices(_ALPHABET, k=24))
    return SimulatedVisit(
        click_id="oc_" + "".join(rng.choices(_ALPHABET, k=22)),
        campaign=rng.choice(_CAMPAIGNS),
        fbclid=fbclid,
        fbc=f"fb.1.{at_ms}.{fbclid}",
        fbp=f"fb.1.{at_ms}.{rng.randrange(10**9, 10**10)}",
        at_ms=at_ms,
    )
