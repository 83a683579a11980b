"""`docs/gateways.md`: what becomes of every event of every gateway, from the adapters themselves.

python -m orylo_ingest.gateway_table > docs/gateways.md
"""

import sys

from orylo_common.messages import type_of
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.gateways.port import EventRow, Gateway

INTRODUCTION = """\
# What each gateway's events become

Made from the adapters by `python -m orylo_ingest.gateway_table > docs/gateways.md`; a test holds it current.

Every event is stored, scrubbed of people and secrets. One that tells something is published as a message; one that
does not is kept as *ignored*, with the reason below. A fact that several events tell (a payment that succeeded, a
dispute that was opened) is published for the first of them, and the others are kept as *told before*. What is proven
genuine and not understood is *quarantined*: kept, counted, and replayed after a fix. That goes for every event that is
not listed, too, but for Stripe's of families that tell of no payment.

What is proven how depends on the form of the body and on nothing that a request says of itself. A gateway that is set
to HMAC mode takes nothing but `X-Signature`. One that is set to live or to test mode only (`--accept`) keeps the other
as ignored; the test buttons of a gateway's panel are test mode, and never become conversions.
"""


def document() -> str:
    return "\n".join([INTRODUCTION, *(_section(gateway) for gateway in GATEWAYS.values())])


def _section(gateway: Gateway) -> str:
    notes = (sys.modules[type(gateway).__module__].__doc__ or "").strip()
    rows = [_row(row) for row in gateway.events()]
    table = ["| event | becomes | when, or why not |", "| --- | --- | --- |", *rows]
    return "\n".join([f"## `{gateway.name}`", "", notes, "", *table, ""])


def _row(row: EventRow) -> str:
    becomes = ", ".join(f"`{type_of(message).removesuffix('.v1')}`" for message in row.messages) or row.otherwise
    return f"| `{row.native}` | {becomes} | {row.note} |"


if __name__ == "__main__":
    sys.stdout.write(document())
