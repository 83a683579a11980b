"""Customers, and the status that people give them."""

from orylo_api.access import audit
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.customers import queries
from orylo_api.customers.models import (
    Customer,
    CustomerPage,
    CustomerPath,
    CustomerQuery,
    StatusAccepted,
    StatusRequest,
)
from orylo_api.errors import NotFound
from orylo_api.http import outbox
from orylo_api.http.route import Route
from orylo_common.ids import uuid7
from orylo_common.messages import CustomerStatusSet


async def list_customers(call: Call[None, CustomerQuery, None]) -> CustomerPage:
    items, next_cursor = await queries.list_customers(call.connection, call.query)
    return CustomerPage(items=items, next_cursor=next_cursor)


async def show_customer(call: Call[CustomerPath, None, None]) -> Customer:
    summary = await queries.find_customer(call.connection, call.path.id)
    if summary is None:
        raise NotFound("there is no such customer")
    history = await queries.read_history(call.connection, call.path.id)
    return Customer(**summary.model_dump(), history=history)


async def set_status(call: Call[CustomerPath, None, StatusRequest]) -> StatusAccepted:
    """Publish the change. The trust service stores it; the read model follows when it reports the change."""
    customer = await queries.find_customer(call.connection, call.path.id)
    if customer is None:
        raise NotFound("there is no such customer")
    now, user, requested = call.services.clock.now(), call.principal, call.body
    message_id = uuid7()
    message = CustomerStatusSet(
        message_id=message_id,
        correlation_id=message_id,
        tenant_id=user.tenant.id,
        occurred_at=now,
        customer_id=customer.id,
        status=requested.status,
        actor=f"{user.kind}:{user.id}",
        reason=requested.reason,
    )
    await outbox.publish(call, message)
    await audit.write_change(
        call,
        action="customer.set_status",
        subject=f"customer {customer.id}",
        before={"status": customer.status},
        after={"status": requested.status, "reason": requested.reason},
    )
    return StatusAccepted(
        customer_id=customer.id, status=requested.status, reason=requested.reason, actor=user.name, accepted_at=now
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/customers",
        list_customers,
        Permission.READ,
        "Customers, most recently first seen first",
        query=CustomerQuery,
        response=CustomerPage,
    ),
    Route(
        "GET",
        "/api/v1/customers/{id}",
        show_customer,
        Permission.READ,
        "One customer with their recent history",
        path_values=CustomerPath,
        response=Customer,
    ),
    Route(
        "POST",
        "/api/v1/customers/{id}/status",
        set_status,
        Permission.SET_CUSTOMER_STATUS,
        "Set the status of a customer: blocked, allowlisted or neutral",
        path_values=CustomerPath,
        body=StatusRequest,
        response=StatusAccepted,
        status=202,
    ),
)
