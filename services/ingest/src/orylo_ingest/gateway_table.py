"""Generate `docs/gateways.md`, which lists how every event of every gateway is handled, from the adapters.

python -m orylo_ingest.gateway_table > docs/gateways.md
"""

import sys

from orylo_common.control.switches import RETRIES
from orylo_common.messages import type_of
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.gateways.port import EventRow, Gateway

INTRODUCTION = """\
# How each gateway's events are handled

Generated from the adapters by `python -m orylo_ingest.gateway_table > docs/gateways.md`. A test keeps it current.

Every event is stored, with personal data and secrets scrubbed. An event that reports something about a payment is
published as a message. Other events are stored as *ignored*, with the reason given below. A fact that several events
report (a payment succeeded, a dispute was opened) is published for the first of them; the others are stored as *already
reported*. An authentic event that cannot be interpreted is *quarantined*: stored, counted, and replayed after a fix.
The same applies to events that are not listed, except those of Stripe in families that never report a payment.

An event that arrives again is a *duplicate*, even if the gateway rendered it anew with other links or times. It is a
*conflict* only if its status, ids, amount, currency or buyer differ: then it is kept for inspection, without effect.

Amounts in text are read with a decimal point or comma, with a currency's sign, and with thousands separated. `1.497`
is quarantined unless the currency has thousandths: it may be 1497. A time may be in ISO 8601, Unix seconds or
milliseconds, or begin with the day (`31/12/2026`). A time of zeros is missing.

A sale over 0 is published and shown. It is not sent as a conversion, and its buyer earns no trust points.

A phone number without a country code is read as one of the buyer's country, the tenant's (`orylo settings set my-shop
shop country=BR`), the gateway's (Brazil for Hotmart, Kiwify and PerfectPay) or the only country of the currency. If
none is known it is left out. Trunk prefixes, carrier codes, a doubled country code, extensions and words around the
number are removed. So is the 1 after +52, which Mexico gave up in 2019. A number or a document that repeats one digit
is left out. PerfectPay's `phone_extension` is the country code.

Values that arrive as SHA-256 in hex, in either case, with or without `sha256:`, are taken as the hash; a document's is
keyed. The hash of an empty value or of words such as `null` identifies no one and is left out. The appendix that Meta's
parameter builder adds to hashes and addresses is removed. An email loses its display name and `mailto:`, but no dots.
Of several addresses in one field, the first public one counts. An address of a private network is left out.

The form of the body alone decides how a webhook is authenticated, not anything the request claims about itself. A
gateway in HMAC mode accepts only `X-Signature`. A gateway that accepts only live or only test mode (`--accept`) stores
the other mode as ignored. The test buttons in a gateway's panel and Orylo's own samples (`orylo gateway sample`)
count as test mode and never become conversions.
"""


def document() -> str:
    return "\n".join([INTRODUCTION, *(_section(gateway) for gateway in GATEWAYS.values())])


def _section(gateway: Gateway) -> str:
    notes = (sys.modules[type(gateway).__module__].__doc__ or "").strip()
    rows = [_row(row) for row in gateway.events()]
    table = ["| event | published as | when, or why not |", "| --- | --- | --- |", *rows]
    stopped = f"While a switch stops its webhooks, they get 503. {RETRIES[gateway.name]}"
    return "\n".join([f"## `{gateway.name}`", "", notes, "", stopped, "", *table, ""])


def _row(row: EventRow) -> str:
    published_as = ", ".join(f"`{type_of(message).removesuffix('.v1')}`" for message in row.messages) or row.otherwise
    return f"| `{row.native}` | {published_as} | {row.note} |"


if __name__ == "__main__":
    sys.stdout.write(document())
