"""Build sales of every gateway as raw HTTP requests, with the gateway's own body format and authentication."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from uuid import NAMESPACE_OID, uuid5

from tests.load.webhooks import PAYMENTS_PER_CUSTOMER, stripe_requests

FIXTURES = Path(__file__).parents[1] / "fixtures" / "gateways"
UUID_ = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
GATEWAYS = ("stripe", "hotmart", "kiwify", "perfectpay")


class Proof(NamedTuple):
    """A gateway's proof of authenticity, as it appears in the query or in the headers."""

    query: str = ""
    headers: str = ""


class Sale(NamedTuple):
    """A sale from a gateway's fixtures, and the fields that must differ from one sale to the next."""

    fixture: str
    ids: tuple[str, ...]
    email: str
    prove: Callable[[bytes, str], Proof]
    # PerfectPay's token is in the body.
    token: str = ""


SALES: Mapping[str, Sale] = {
    "hotmart": Sale(
        "hotmart/v2_purchase_approved.json",
        ("id", "data.purchase.transaction"),
        "data.buyer.email",
        lambda body, secret: Proof(headers=f"X-HOTMART-HOTTOK: {secret}\r\n"),
    ),
    "kiwify": Sale(
        "kiwify/order_approved_card.json",
        ("order_id",),
        "Customer.email",
        lambda body, secret: Proof(query=f"?signature={hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}"),
    ),
    "perfectpay": Sale(
        "perfectpay/approved_card.json", ("code",), "customer.email", lambda body, secret: Proof(), token="token"
    ),
}


def gateway_requests(
    gateway: str, run: str, count: int, *, tenant: str, secret: str, host: str, first: int = 0
) -> Iterator[bytes]:
    """Yield `count` HTTP/1.1 requests, each for a different sale. Stripe's carry a current timestamp."""
    if gateway == "stripe":
        yield from stripe_requests(run, count, tenant=tenant, secret=secret, host=host, first=first)
        return
    sale, template = SALES[gateway], _template(gateway)
    for number in range(first, first + count):
        body = (
            template.replace("{id}", f"{run}x{number:08d}")
            .replace("{customer}", f"{run}{number // PAYMENTS_PER_CUSTOMER}")
            .replace("{token}", secret)
            .encode()
        )
        proof = sale.prove(body, secret)
        yield (
            f"POST /api/v1/webhooks/{gateway}/{tenant}{proof.query} HTTP/1.1\r\nHost: {host}\r\n"
            f"Content-Type: application/json\r\n{proof.headers}Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


@cache
def _template(gateway: str) -> str:
    sale = SALES[gateway]
    # The fixtures' UUIDs are mostly zeros, so they resemble card numbers more than real ones do.
    written = UUID_.sub(lambda found: str(uuid5(NAMESPACE_OID, found[0])), (FIXTURES / sale.fixture).read_text())
    document: Any = json.loads(written)
    for path in sale.ids:
        _put(document, path, "{id}")
    _put(document, sale.email, "buyer.{customer}@example.com")
    if sale.token:
        _put(document, sale.token, "{token}")
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _put(document: Any, path: str, value: str) -> None:
    *above, last = path.split(".")
    for key in above:
        document = document[key]
    document[last] = value
