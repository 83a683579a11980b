"""Customers as a file, which a job writes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import Field

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.customers.figures import ListedCustomer, with_figures
from orylo_api.customers.models import CustomerFilters
from orylo_api.customers.queries import list_customers
from orylo_api.exports.job import kind_of, start_export
from orylo_api.exports.models import EXPORT, ExportRequest
from orylo_api.exports.source import ExportSource
from orylo_api.http.fields import PageQuery
from orylo_api.http.route import Route
from orylo_api.jobs.models import Job
from orylo_common.postgres.pool import Connection

COLUMNS: Mapping[str, Callable[[ListedCustomer], Any]] = {
    "customer_id": lambda customer: customer.id,
    "trust_score": lambda customer: customer.trust_score,
    "status": lambda customer: customer.status,
    "status_expires_at": lambda customer: customer.status_expires_at,
    "first_seen_at": lambda customer: customer.created_at,
    "last_seen_at": lambda customer: customer.last_seen_at,
    "payments": lambda customer: customer.payments,
    "paid_minor": lambda customer: "; ".join(f"{each.currency} {each.paid_minor}" for each in customer.amounts),
    "disputes": lambda customer: customer.disputes,
    "same_person": lambda customer: "; ".join(customer.people[1:]),
}


class CustomerExport(ExportRequest):
    filter: CustomerFilters = Field(default_factory=CustomerFilters, description="as of the list of customers")


async def _read(
    connection: Connection, _tenant_id: UUID, filters: CustomerFilters, page: PageQuery
) -> tuple[Sequence[ListedCustomer], str | None]:
    customers, next_cursor = await list_customers(connection, filters, page)
    return await with_figures(connection, customers), next_cursor


CUSTOMERS = ExportSource("customers", Permission.READ, CustomerFilters, COLUMNS, _read)
CUSTOMER_EXPORT = kind_of(CUSTOMERS)


async def start_customer_export(call: Call[None, None, CustomerExport]) -> Job:
    return await start_export(call, CUSTOMERS, call.body)


ROUTES = (
    Route(
        "POST",
        "/api/v1/customers/export",
        start_customer_export,
        CUSTOMERS.permission,
        "Export customers in a job, with the filters of the list",
        body=CustomerExport,
        response=Job,
        status=202,
        refuses={429},
        description=EXPORT,
    ),
)
