"""Find a customer by what a buyer writes: an email address, a phone number, a document or an order."""

from enum import StrEnum
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from orylo_api.access import audit
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.customers.figures import ListedCustomer, with_figures
from orylo_api.customers.identifiers import PersonalValues, hash_person
from orylo_api.customers.queries import find_customer
from orylo_api.http.fields import ResponseBody, Text
from orylo_api.http.route import Route
from orylo_api.payments.link_keys import Link, link_key, order_key
from orylo_common.customer_ids import customer_id_from
from orylo_common.hashing import token
from orylo_common.postgres.pool import Connection

MAX_FOUND = 20
# The newest payments with the phone, document or order that are searched for customers.
MAX_PAYMENTS = 500


class LookupKind(StrEnum):
    EMAIL = "email"
    PHONE = "phone"
    DOCUMENT = "document"
    ORDER_ID = "order_id"
    CUSTOMER_ID = "customer_id"


HOW = {
    LookupKind.EMAIL: "The address is trimmed and written in lower case, and its hash is compared.",
    LookupKind.PHONE: "The digits with the country code are hashed and compared. A number without a country code is "
    "read as one of the shop's country.",
    LookupKind.DOCUMENT: "Letters and digits are hashed with the platform's key and compared.",
    LookupKind.ORDER_ID: "The order number is compared as it is written, upper and lower case being different.",
    LookupKind.CUSTOMER_ID: "The id is compared as it is written.",
}
BY_PAYMENT = """
    SELECT DISTINCT customer_id FROM (
        SELECT customer_id FROM api.payments_view WHERE {column} = $1 AND customer_id IS NOT NULL
        ORDER BY created_at DESC LIMIT {limit}
    ) AS newest
"""


class CustomerLookup(PersonalValues):
    """One of these. Personal values are hashed on arrival, and neither stored nor logged."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ana@example.com"}]})

    order_id: Text | None = Field(default=None, description="the merchant's own order number", examples=["1047"])
    customer_id: Text | None = Field(default=None, description="a customer's id", examples=["cus_0d2f6a4b8c1e"])

    @model_validator(mode="after")
    def _one(self) -> "CustomerLookup":
        if len(self.model_fields_set & {kind.value for kind in LookupKind if getattr(self, kind) is not None}) != 1:
            raise ValueError("give exactly one of email, phone, document, order_id and customer_id")
        return self

    @property
    def kind(self) -> LookupKind:
        return next(kind for kind in LookupKind if getattr(self, kind) is not None)


class ComparedValue(ResponseBody):
    kind: LookupKind
    value: str = Field(
        description="the hash that was compared, as the audit log has it; an id as it was given",
        examples=["sha256:8ab3f2…"],
    )
    how: str = Field(examples=[HOW[LookupKind.EMAIL]])


class CustomersFound(ResponseBody):
    items: list[ListedCustomer] = Field(
        description=f"at most {MAX_FOUND}, each person once; empty if no customer is known by the value"
    )
    compared: ComparedValue


async def look_up_customers(call: Call[None, None, CustomerLookup]) -> CustomersFound:
    kind = call.body.kind
    value, ids = await _candidates(call, kind)
    people: dict[str, None] = {}
    found = []
    for customer_id in ids:
        summary = await find_customer(call.connection, customer_id)
        if summary is not None and summary.people[0] not in people:
            people[summary.people[0]] = None
            found.append(summary)
    items = await with_figures(call.connection, found[:MAX_FOUND])
    await audit.write_change(
        call, action="customer.look_up", subject="customers", after={kind.value: value, "found": len(items)}
    )
    return CustomersFound(items=items, compared=ComparedValue(kind=kind, value=value, how=HOW[kind]))


async def _candidates(call: Call[None, None, CustomerLookup], kind: LookupKind) -> tuple[str, list[str]]:
    """Return what is compared, and the ids of customers that may have it."""
    given, tenant_id, connection = call.body, call.principal.tenant.id, call.connection
    if given.customer_id is not None:
        return given.customer_id, [given.customer_id]
    if given.order_id is not None:
        return token(given.order_id), await _of_payments(connection, "order_key", order_key(tenant_id, given.order_id))
    person = await hash_person(call, given)
    (value,) = person.as_tokens().values()
    return value, await _of_person(connection, tenant_id, kind, getattr(person, kind))


async def _of_person(connection: Connection, tenant_id: UUID, kind: LookupKind, value: str) -> list[str]:
    if kind is LookupKind.EMAIL:
        return [customer_id_from(tenant_id, "email", value)]
    # A buyer who also gave an email address has an id by that; the payments lead to it.
    name = Link.PHONE if kind is LookupKind.PHONE else Link.DOCUMENT
    own = customer_id_from(tenant_id, "phone" if name is Link.PHONE else "document", value)
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
            "What is typed is hashed as ingest hashes it. It is not stored, and the audit log has only the hash. "
            "Without a match, `items` is empty, and `compared` says what was compared and how."
        ),
    ),
)
