"""Customers, and the status that people give them."""

from orylo_api.access import audit
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.customers import changes, queries
from orylo_api.customers.figures import CustomerPage, with_figures
from orylo_api.customers.models import (
    CorrectionAccepted,
    CorrectionRequest,
    Customer,
    CustomerPath,
    CustomerQuery,
    CustomerScore,
    CustomerStatus,
    StatusAccepted,
    StatusRequest,
)
from orylo_api.customers.status import put_status
from orylo_api.errors import Invalid, NotFound
from orylo_api.http import outbox
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Route


async def list_customers(call: Call[None, CustomerQuery, None]) -> CustomerPage:
    customers, next_cursor = await queries.list_customers(call.connection, call.query, call.query)
    return CustomerPage(items=await with_figures(call.connection, customers), next_cursor=next_cursor)


async def show_customer(call: Call[CustomerPath, None, None]) -> Customer:
    summary = await queries.find_customer(call.connection, call.path.id)
    if summary is None:
        raise NotFound("there is no such customer")
    history = await queries.read_history(call.connection, summary.people)
    return Customer(**summary.model_dump(), history=history)


async def show_score(call: Call[CustomerPath, None, None]) -> CustomerScore:
    score = await queries.read_score(call.connection, call.path.id)
    if score is None:
        raise NotFound("there is no such customer")
    return score


async def show_status(call: Call[CustomerPath, None, None]) -> CustomerStatus:
    status = await queries.read_status(call.connection, call.path.id)
    if status is None:
        raise NotFound("there is no such customer")
    return status


async def set_status(call: Call[CustomerPath, None, StatusRequest]) -> StatusAccepted:
    customer = await queries.find_customer(call.connection, call.path.id)
    if customer is None:
        raise NotFound("there is no such customer")
    now, user, requested = call.services.clock.now(), call.principal, call.body
    if requested.expires_at is not None and requested.expires_at <= now:
        raise _invalid("body.expires_at", "must be in the future")
    await put_status(call, customer, requested, now)
    return StatusAccepted(customer_id=customer.id, actor=user.name, accepted_at=now, **requested.model_dump())


async def correct_trust(call: Call[CustomerPath, None, CorrectionRequest]) -> CorrectionAccepted:
    """Publish the correction. The trust service adds it to the customer's ledger."""
    customer = await queries.find_customer(call.connection, call.path.id)
    if customer is None:
        raise NotFound("there is no such customer")
    now, user, requested = call.services.clock.now(), call.principal, call.body
    if not requested.points:
        raise _invalid("body.points", "must not be 0")
    actor = f"{user.kind}:{user.id}"
    message = changes.trust_corrected(user.tenant.id, customer.id, requested, actor=actor, now=now)
    await outbox.publish(call, message)
    await audit.write_change(
        call,
        action="customer.correct_trust",
        subject=f"customer {customer.id}",
        before={"trust_score": customer.trust_score},
        after={"correction_id": str(message.correction_id), **requested.model_dump()},
    )
    return CorrectionAccepted(
        customer_id=customer.id,
        correction_id=message.correction_id,
        actor=user.name,
        accepted_at=now,
        **requested.model_dump(),
    )


def _invalid(field: str, message: str) -> Invalid:
    return Invalid("the request is invalid", [FieldProblem(field=field, message=message)])


ROUTES = (
    Route(
        "GET",
        "/api/v1/customers",
        list_customers,
        Permission.READ,
        "Customers, most recently first seen first",
        description="Customers that are the same person appear once, as the customer that represents the person.",
        query=CustomerQuery,
        response=CustomerPage,
    ),
    Route(
        "GET",
        "/api/v1/customers/{id}",
        show_customer,
        Permission.READ,
        "One customer with their recent history",
        description=(
            "The id may be of any customer of the person. The history holds the latest payments, decisions "
            "and changes of trust."
        ),
        path_values=CustomerPath,
        response=Customer,
    ),
    Route(
        "GET",
        "/api/v1/customers/{id}/score",
        show_score,
        Permission.READ,
        "One customer's trust score, with the points of each cause",
        description=(
            "The points of all causes and the start add up to `total`, which is limited to 0 to 100 for the score."
        ),
        path_values=CustomerPath,
        response=CustomerScore,
    ),
    Route(
        "POST",
        "/api/v1/customers/{id}/corrections",
        correct_trust,
        Permission.CORRECT_TRUST,
        "Add points to a customer's trust score, or take some away, with a reason",
        description=(
            "The correction is an entry of the customer's ledger. To undo it, correct by the opposite points."
        ),
        path_values=CustomerPath,
        body=CorrectionRequest,
        response=CorrectionAccepted,
        status=202,
    ),
    Route(
        "GET",
        "/api/v1/customers/{id}/status",
        show_status,
        Permission.READ,
        "The status of a customer, who set it and until when",
        description="Its ETag lets a client change the status only if it is still the one that was read.",
        path_values=CustomerPath,
        response=CustomerStatus,
    ),
    Route(
        "POST",
        "/api/v1/customers/{id}/status",
        set_status,
        Permission.SET_CUSTOMER_STATUS,
        "Set the status of a customer: blocked, allowlisted or neutral, until a time or for good",
        description=(
            "The next payment of the customer is decided with the new status. Payments decided earlier do not change."
        ),
        path_values=CustomerPath,
        body=StatusRequest,
        response=StatusAccepted,
        status=202,
        replaces=True,
    ),
)
