"""The cards, devices and other identifiers of a customer, and the other customers that share them."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
from pydantic import Field

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.customers.merge_queries import read_people
from orylo_api.customers.models import CustomerPath
from orylo_api.errors import NotFound
from orylo_api.http.fields import ResponseBody
from orylo_api.http.route import Route
from orylo_api.payments.enrichment import fill_in
from orylo_api.payments.link_keys import SharedValue
from orylo_common.postgres.pool import Connection

# Of the customer: the newest payments that are read, and the links of each kind that are shown.
MAX_PAYMENTS = 500
MAX_LINKS = 20
# Of each link: the newest payments that are searched for other customers, and those that are shown.
MAX_SHARED_PAYMENTS = 500
MAX_SHARING = 20
KINDS = (SharedValue.CARD, SharedValue.DEVICE, SharedValue.IP, SharedValue.PHONE, SharedValue.DOCUMENT)

SELECT_KEYS = f"""
    SELECT card_key, device_key, ip_key, phone_key, document_key, details, enriched, created_at FROM api.payments_view
    WHERE customer_id = ANY($1::text[]) ORDER BY created_at DESC, payment_id DESC LIMIT {MAX_PAYMENTS}
"""  # noqa: S608
SELECT_SHARING = """
    SELECT key, customer_id, count(*) AS payments
    FROM unnest($1::bigint[]) AS asked (key) CROSS JOIN LATERAL (
        SELECT customer_id FROM api.payments_view
        WHERE {link}_key = key AND customer_id <> ALL($2::text[]) ORDER BY created_at DESC LIMIT {limit}
    ) AS shared
    GROUP BY key, customer_id ORDER BY key, payments DESC, customer_id
"""


class SharingCustomer(ResponseBody):
    customer_id: str
    payments: int = Field(ge=1, description="of that customer, with the same card, device, …", examples=[2])


class CustomerLink(ResponseBody):
    """A card, device, address, phone or document of the customer's payments. Its value is stored only as a hash."""

    kind: SharedValue
    key: str = Field(description="distinguishes links of one kind", examples=["9f86d081884c7d65"])
    label: str | None = Field(
        description="of a card: its brand and last four digits, and the country that issued it",
        examples=["visa •••• 4242 BR"],
    )
    payments: int = Field(ge=1, description="of the customer", examples=[4])
    first_seen_at: datetime
    last_seen_at: datetime
    shared_with: list[SharingCustomer] = Field(description=f"other customers, at most {MAX_SHARING}")


class CustomerLinks(ResponseBody):
    people: list[str] = Field(
        description="the customers that are this person; each id comes from an email address or another identifier"
    )
    links: list[CustomerLink] = Field(description="by kind, those of the newest payments first")
    complete: bool = Field(
        description=f"false if the customer has more than the {MAX_PAYMENTS} payments that were read"
    )


async def show_links(call: Call[CustomerPath, None, None]) -> CustomerLinks:
    people = await read_people(call.connection, call.path.id)
    if people is None:
        raise NotFound("there is no such customer")
    own = sorted({call.path.id, *people})
    rows = await call.connection.fetch(SELECT_KEYS, own)
    links: list[CustomerLink] = []
    for kind in KINDS:
        links += await _links(call.connection, kind, rows, own)
    return CustomerLinks(people=people, links=links, complete=len(rows) < MAX_PAYMENTS)


async def _links(
    connection: Connection, kind: SharedValue, rows: Sequence[asyncpg.Record], own: Sequence[str]
) -> list[CustomerLink]:
    payments: dict[int, list[asyncpg.Record]] = {}
    for row in rows:
        if (key := row[f"{kind}_key"]) is not None:
            payments.setdefault(key, []).append(row)
    shown = dict(list(payments.items())[:MAX_LINKS])
    if not shown:
        return []
    statement = SELECT_SHARING.format(link=kind.value, limit=MAX_SHARED_PAYMENTS)
    sharing: dict[int, list[SharingCustomer]] = {}
    for row in await connection.fetch(statement, list(shown), list(own)):
        sharing.setdefault(row["key"], []).append(SharingCustomer.from_row(row))
    return [
        CustomerLink(
            kind=kind,
            key=f"{key & (2**64 - 1):016x}",
            label=_label(newest_first[0]) if kind is SharedValue.CARD else None,
            payments=len(newest_first),
            first_seen_at=newest_first[-1]["created_at"],
            last_seen_at=newest_first[0]["created_at"],
            shared_with=sharing.get(key, [])[:MAX_SHARING],
        )
        for key, newest_first in shown.items()
    ]


def _label(row: asyncpg.Record) -> str | None:
    details = fill_in(row["details"], row["enriched"])
    last4 = details.get("card_last4")
    parts = (details.get("card_brand"), last4 and f"•••• {last4}", details.get("card_country"))
    return " ".join(part for part in parts if part) or None


ROUTES = (
    Route(
        "GET",
        "/api/v1/customers/{id}/links",
        show_links,
        Permission.READ,
        "The cards, devices, addresses, phones and documents of a customer, and who shares them",
        path_values=CustomerPath,
        response=CustomerLinks,
        description="From the payments of all customers that are the same person. Values are known only as hashes. ",
    ),
)
