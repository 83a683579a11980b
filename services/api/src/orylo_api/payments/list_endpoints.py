"""Lists of payments."""

from orylo_api.access import audit
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.customers.identifiers import hash_person
from orylo_api.errors import NotFound
from orylo_api.http.route import Route
from orylo_api.payments.list_models import PaymentFilters, PaymentPage, PaymentQuery, PaymentSearch
from orylo_api.payments.list_queries import list_payments as read_payments
from orylo_api.payments.models import PaymentPath
from orylo_api.payments.related import find_related
from orylo_api.payments.related_models import Related, RelatedQuery


async def list_payments(call: Call[None, PaymentQuery, None]) -> PaymentPage:
    items, next_cursor = await read_payments(call.connection, call.principal.tenant.id, call.query, call.query)
    return PaymentPage(items=items, next_cursor=next_cursor)


async def search_payments(call: Call[None, None, PaymentSearch]) -> PaymentPage:
    """The audit log gets a line if the search names a person, with hashes only."""
    person = await hash_person(call, call.body)
    if person:
        await audit.write_change(call, action="payment.search", subject="payments", after=person.as_tokens())
    items, next_cursor = await read_payments(call.connection, call.principal.tenant.id, call.body, call.body, person)
    return PaymentPage(items=items, next_cursor=next_cursor)


async def list_related_payments(call: Call[PaymentPath, RelatedQuery, None]) -> Related:
    related = await find_related(call.connection, call.path.id, call.query)
    if related is None:
        raise NotFound("there is no such payment")
    return related


VIEWS = f"{PaymentFilters.__doc__} Several values of one parameter are separated by commas."

ROUTES = (
    Route(
        "GET",
        "/api/v1/payments",
        list_payments,
        Permission.READ,
        "Payments, newest first, each with its decision, buyer and conversion",
        query=PaymentQuery,
        response=PaymentPage,
        description=VIEWS,
    ),
    Route(
        "POST",
        "/api/v1/payments/search",
        search_payments,
        Permission.READ,
        "Payments of a person, by email address, phone number or document, with the filters of the list",
        body=PaymentSearch,
        response=PaymentPage,
        description="The values are normalised and hashed as those of webhooks are. The audit log keeps the hashes.",
    ),
    Route(
        "GET",
        "/api/v1/payments/{id}/related",
        list_related_payments,
        Permission.READ,
        "Payments that share the card, device, address, phone, document or customer of a payment",
        path_values=PaymentPath,
        query=RelatedQuery,
        response=Related,
        description="The customers of one person count as one. Payments from before Orylo kept the keys share only the "
        "customer. For the next page of one link, pass its `next_cursor` with `link`.",
    ),
)
