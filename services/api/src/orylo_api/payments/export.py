"""Payments as a file: streamed, or written by a job."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from aiohttp import web
from pydantic import Field

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.exports.job import kind_of, start_export
from orylo_api.exports.models import EXPORT, ExportRequest
from orylo_api.exports.source import ExportFormat, ExportSource
from orylo_api.http.fields import MAX_PAGE, PageQuery
from orylo_api.http.file_stream import stream_file
from orylo_api.http.route import Media, Route
from orylo_api.jobs.models import Job
from orylo_api.payments.list_models import ListedPayment, PaymentFilters
from orylo_api.payments.list_queries import list_payments

# Amounts are in the currency's minor unit, as everywhere in the API.
COLUMNS: Mapping[str, Callable[[ListedPayment], Any]] = {
    "payment_id": lambda payment: payment.id,
    "gateway": lambda payment: payment.gateway,
    "order_id": lambda payment: payment.order_id,
    "created_at": lambda payment: payment.created_at,
    "updated_at": lambda payment: payment.updated_at,
    "state": lambda payment: payment.state,
    "amount_minor": lambda payment: payment.amount_minor,
    "refunded_minor": lambda payment: payment.refunded_minor,
    "currency": lambda payment: payment.currency,
    "payment_method": lambda payment: payment.payment_method,
    "card_brand": lambda payment: payment.card_brand,
    "card_last4": lambda payment: payment.card_last4,
    "products": lambda payment: "; ".join(payment.products),
    "decision": lambda payment: payment.decision and payment.decision.decision,
    "risk_score": lambda payment: payment.decision and payment.decision.risk_score,
    "reasons": lambda payment: payment.decision and "; ".join(each.reason for each in payment.decision.points),
    "decisions": lambda payment: payment.decisions,
    "customer_id": lambda payment: payment.buyer and payment.buyer.customer_id,
    "trust_score": lambda payment: payment.buyer and payment.buyer.trust_score,
    "customer_status": lambda payment: payment.buyer and payment.buyer.status,
    "conversion": lambda payment: payment.conversion and payment.conversion.status,
    "conversion_reason": lambda payment: payment.conversion and payment.conversion.reason,
    "verdict": lambda payment: payment.verdict and payment.verdict.verdict,
    "livemode": lambda payment: payment.livemode,
    "test": lambda payment: payment.test,
}


PAYMENTS = ExportSource("payments", Permission.READ, PaymentFilters, COLUMNS, list_payments)
PAYMENT_EXPORT = kind_of(PAYMENTS)


class PaymentExport(ExportRequest):
    filter: PaymentFilters = Field(default_factory=PaymentFilters, description="as of the list of payments")


async def export_payments(call: Call[None, PaymentFilters, None]) -> web.StreamResponse:
    return await stream_file(call.request, "payments.csv", _pages(call))


async def start_payment_export(call: Call[None, None, PaymentExport]) -> Job:
    return await start_export(call, PAYMENTS, call.body)


async def _pages(call: Call[None, PaymentFilters, None]) -> AsyncIterator[bytes]:
    """Read each page in its own transaction: a slow client must not hold a connection to the database."""
    tenant_id = call.principal.tenant.id
    header, page = PAYMENTS.header(ExportFormat.CSV), PageQuery(limit=MAX_PAGE)
    while True:
        async with call.services.tenant_transaction(call.principal, readonly=True) as connection:
            items, next_cursor = await list_payments(connection, tenant_id, call.query, page)
        yield (header + "".join(PAYMENTS.line(ExportFormat.CSV, item) for item in items)).encode()
        if next_cursor is None:
            return
        header, page = "", PageQuery(limit=MAX_PAGE, cursor=next_cursor)


ROUTES = (
    Route(
        "GET",
        "/api/v1/payments/export",
        export_payments,
        Permission.READ,
        "Export payments as a CSV file, with the filters of the list",
        query=PaymentFilters,
        media=Media.CSV,
        time_limit=None,
        description="Newest first, without limit. A cell that a spreadsheet would execute gets an apostrophe in front.",
    ),
    Route(
        "POST",
        "/api/v1/payments/export",
        start_payment_export,
        PAYMENTS.permission,
        "Export payments in a job, with the filters of the list",
        body=PaymentExport,
        response=Job,
        status=202,
        refuses={429},
        description=EXPORT,
    ),
)
