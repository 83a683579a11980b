"""Change a customer, as the API does: the change is audited and published for the trust service."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from orylo_api.customers import queries
from orylo_api.customers.models import CustomerSummary, LookupKind
from orylo_api.http.fields import PageQuery
from orylo_cli.operations.binding import bind_to_tenant, unbind
from orylo_cli.operations.refusals import refusals
from orylo_cli.target import OWN_ROLE, Target
from orylo_common.broker.ports import Outgoing
from orylo_common.control.audit import write_audit_line
from orylo_common.control.errors import InvalidChange
from orylo_common.control.models import Tenant
from orylo_common.control.tenants import find_tenant
from orylo_common.messages import Message
from orylo_common.postgres.pool import Connection, open_pool

DELETE_MESSAGE = "DELETE FROM api.outbox WHERE message_id = $1"


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """The message that asks for a change, and its line in the audit log."""

    message: Message
    action: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]


async def read_of_customer(
    connection: Connection, tenant: str, customer_id: str, read: Callable[[Connection, str], Awaitable[Any]]
) -> Any:
    """Return what `read` finds out about a customer. Raises `InvalidChange` for an unknown customer."""
    found = await find_tenant(connection, tenant)
    await bind_to_tenant(connection, found.id)
    result = await read(connection, customer_id)
    await unbind(connection)
    if result is None:
        raise InvalidChange(f"{tenant} has no customer {customer_id}")
    return result


async def read_score_ledger(connection: Connection, customer_id: str, *, page: PageQuery) -> Any:
    """Return a page of the customer's `ScoreLedger`, or None for an unknown customer."""
    # Imported here, because it imports the web server.
    from orylo_api.customers.ledger import read_ledger

    return await read_ledger(connection, customer_id, page)


async def look_up(connection: Connection, target: Target, tenant: str, kind: LookupKind, value: str) -> Any:
    """Return the `CustomersFound` by a value. Raises `InvalidChange` for a value that cannot be one."""
    # Imported here, because they import the web server.
    from orylo_api.customers.lookup import find_customers, logged
    from orylo_api.customers.lookup_models import lookup_of

    found = await find_tenant(connection, tenant)
    await bind_to_tenant(connection, found.id)
    with refusals():
        result = await find_customers(connection, target.keyring(), found.id, lookup_of(kind, value))
    await write_audit_line(
        connection, found.id, target.actor, action="customer.look_up", subject="customers", after=logged(result)
    )
    await unbind(connection)
    return result


async def change_customer(
    target: Target,
    tenant: str,
    customer_id: str,
    build: Callable[[Tenant, CustomerSummary], CustomerChange],
    *,
    other_id: str | None = None,
) -> None:
    """Record the change and publish it at once. If the broker is away, the API's outbox publishes it later.

    Raises `InvalidChange` if the customer, or the other one, is unknown.
    """
    # Imported here, because they import the web server and the broker.
    from orylo_api.http.outbox import write_message
    from orylo_common.broker.connect import open_broker

    async with (
        open_pool(target.database_url, role=OWN_ROLE, max_size=1) as pool,
        open_broker(target.broker_url, target.database_url) as broker,
        pool.acquire() as connection,
    ):
        async with connection.transaction():
            found = await find_tenant(connection, tenant)
            await bind_to_tenant(connection, found.id)
            customer = await _find(connection, tenant, customer_id)
            if other_id is not None:
                await _find(connection, tenant, other_id)
            change = build(found, customer)
            outgoing: Outgoing = await write_message(connection, change.message)
            await write_audit_line(
                connection,
                found.id,
                target.actor,
                action=change.action,
                subject=change.subject,
                before=change.before,
                after=change.after,
            )
            await unbind(connection)
        await broker.publish([outgoing])
        await connection.execute(DELETE_MESSAGE, outgoing.message_id)


async def _find(connection: Connection, tenant: str, customer_id: str) -> CustomerSummary:
    customer = await queries.find_customer(connection, customer_id)
    if customer is None:
        raise InvalidChange(f"{tenant} has no customer {customer_id}")
    return customer
