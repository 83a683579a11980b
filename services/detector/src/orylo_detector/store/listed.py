"""Looks up the list entries that apply to payments, as a part of the statement that reads their history."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from orylo_common.control.lists.values import EntryType
from orylo_common.ip_addresses import parse_address
from orylo_common.messages import PaymentFact
from orylo_detector.domain.countries import buyer_address
from orylo_detector.domain.lists import ListHit, identifiers_of

# Each row names what was looked up, and its hits as `list/length`. The columns before are those of the history.
SELECT_HITS = """
    SELECT 'listed', asked.tenant_id, asked.value, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL, NULL, NULL, NULL, NULL, asked.type, found.hits, NULL
    FROM unnest($6::uuid[], $7::text[], $8::text[]) AS asked (tenant_id, type, value)
    CROSS JOIN LATERAL (
        SELECT array_agg(e.list || '/' || length(e.value)) AS hits FROM control.list_entries AS e
        WHERE e.tenant_id = asked.tenant_id AND e.type = asked.type AND e.value = ANY(coalesce((
            -- An entry of a customer is one of the person.
            SELECT people FROM detector.customers AS c
            WHERE asked.type = 'customer' AND c.tenant_id = asked.tenant_id AND c.customer_id = asked.value LIMIT 1
        ), ARRAY[asked.value]))
          AND (e.expires_at IS NULL OR e.expires_at > now())
    ) AS found
    WHERE found.hits IS NOT NULL
    UNION ALL
    SELECT 'listed', asked.tenant_id, asked.address, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL, NULL, NULL, NULL, NULL, 'ip', found.hits, NULL
    FROM unnest($9::uuid[], $10::text[]) AS asked (tenant_id, address)
    CROSS JOIN LATERAL (
        SELECT array_agg(e.list || '/' || masklen(e.network)) AS hits FROM control.list_entries AS e
        WHERE e.network >>= asked.address::inet AND e.tenant_id = asked.tenant_id
          AND (e.expires_at IS NULL OR e.expires_at > now())
    ) AS found
    WHERE found.hits IS NOT NULL
"""

ListKey = tuple[UUID, EntryType, str]


def list_keys_of(payment: PaymentFact) -> list[ListKey]:
    """Return what `SELECT_HITS` looks up for a payment."""
    keys = [(payment.tenant_id, kind, value) for kind, value in identifiers_of(payment)]
    # A text that is not an address would fail the statement for all payments of the batch.
    address = parse_address(buyer_address(payment))
    return [*keys, (payment.tenant_id, EntryType.IP, address)] if address else keys


def list_columns(keys: Iterable[ListKey]) -> list[Sequence[object]]:
    """Return the parameters of `SELECT_HITS`."""
    columns: tuple[list[object], ...] = ([], [], [], [], [])
    for tenant_id, kind, value in keys:
        if kind is EntryType.IP:
            columns[3].append(tenant_id)
            columns[4].append(value)
        else:
            columns[0].append(tenant_id)
            columns[1].append(kind)
            columns[2].append(value)
    return list(columns)


def hits_of(kind: EntryType, hits: Iterable[str]) -> tuple[ListHit, ...]:
    """Return the hits of a row of `SELECT_HITS`."""
    return tuple(ListHit(name, kind, int(length)) for name, length in (hit.split("/") for hit in hits))
