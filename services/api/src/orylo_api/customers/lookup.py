"""Find a customer by what a buyer writes: an email address, a phone number, a document or an order."""

from typing import Any
from uuid import UUID

from orylo_api.access import audit
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.customers.figures import with_figures
from orylo_api.customers.identifiers import hash_values
from orylo_api.customers.lookup_models import HOW, MAX_FOUND, ComparedValue, CustomerLookup, CustomersFound
from orylo_api.customers.models import LookupKind
from orylo_api.customers.queries import find_customer
from orylo_api.http.route import Route
from orylo_api.payments.link_keys import SharedValue, link_key, order_key
from orylo_common.control import Keyring
from orylo_common.customer_ids import customer_id_from
from orylo_common.hashing import token
from orylo_common.postgres.pool import Connection

# The newest payments with the phone, document or order that are searched for customers.
MAX_PAYMENTS = 500


BY_PAYMENT = """
    SELECT DISTINCT customer_id FROM (
        SELECT customer_id FROM api.payments_view WHERE {column} = $1 AND customer_id IS NOT NULL
        ORDER BY created_at DESC LIMIT {limit}
    ) AS newest
"""


async def look_up_customers(call: Call[None, None, CustomerLookup]) -> CustomersFound:
    found = await find_customers(call.connection, call.services.keyring, call.principal.tenant.id, call.body)
    await audit.write_change(call, action="customer.look_up", subject="customers", after=logged(found))
    return found


def logged(found: CustomersFound) -> dict[str, Any]:
    """Return the values for the audit log, which holds no personal data."""
    return {found.compared.kind.value: found.compared.value, "found": len(found.items)}


async def find_customers(
    connection: Connection, keyring: Keyring, tenant_id: UUID, lookup: CustomerLookup
) -> CustomersFound:
    """Raises `Invalid` for a value that cannot be one."""
    kind = lookup.kind
    value, ids = await _candidates(connection, keyring, tenant_id, lookup)
    people: dict[str, None] = {}
    found = []
    for customer_id in ids:
        summary = await find_customer(connection, customer_id)
        if summary is not None and summary.people[0] not in people:
            people[summary.people[0]] = None
            found.append(summary)
    items = await with_figures(connection, found[:MAX_FOUND])
    return CustomersFound(items=items, compared=ComparedValue(kind=kind, value=value, how=HOW[kind]))


async def _candidates(
    connection: Connection, keyring: Keyring, tenant_id: UUID, given: CustomerLookup
) -> tuple[str, list[str]]:
    """Return the value to compare, and the ids of customers that may have it."""
    if given.customer_id is not None:
        return given.customer_id, [given.customer_id]
    if given.order_id is not None:
        return token(given.order_id), await _of_payments(connection, "order_key", order_key(tenant_id, given.order_id))
    person = await hash_values(connection, keyring, given)
    (value,) = person.as_tokens().values()
    return value, await _of_person(connection, tenant_id, given.kind, getattr(person, given.kind))


async def _of_person(connection: Connection, tenant_id: UUID, kind: LookupKind, value: str) -> list[str]:
    if kind is LookupKind.EMAIL:
        return [customer_id_from(tenant_id, "email", value)]
    # A buyer who also gave an email address has an id by that; the payments lead to it.
    name = SharedValue.PHONE if kind is LookupKind.PHONE else SharedValue.DOCUMENT
    own = customer_id_from(tenant_id, "phone" if name is SharedValue.PHONE else "document", value)
    return [own, *await _of_payments(connection, f"{name}_key", link_key(tenant_id, name, value))]


async def _of_payments(connection: Connection, column: str, key: int) -> list[str]:
    rows = await connection.fetch(BY_PAYMENT.format(column=column, limit=MAX_PAYMENTS), key)
    return [row["customer_id"] for row in rows]


ROUTES = (
    Route(
        "POST",
        "/api/v1/customers/lookup",
        look_up_customers,
        Permission.READ,
        "Find a customer by email address, phone number, document, order number or id",
        body=CustomerLookup,
        response=CustomersFound,
        description=(
            "The value is hashed as ingest hashes it. It is not stored, and the audit log has only the hash. "
            "Without a match, `items` is empty, and `compared` says what was compared and how."
        ),
    ),
)
