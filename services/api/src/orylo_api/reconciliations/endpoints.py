"""Reconciliations: a gateway's own records against what was received."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import BytesIO
from itertools import islice

from orylo_api.access import audit
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Invalid
from orylo_api.http import outbox
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Route
from orylo_api.reconciliations import queries
from orylo_api.reconciliations.comparison import compare_export
from orylo_api.reconciliations.export_file import ExportColumns, ExportFile, SaleLine, lower
from orylo_api.reconciliations.models import (
    ExportedSale,
    ExportPreview,
    Reconciliation,
    ReconciliationEvents,
    ReconciliationPage,
    ReconciliationPath,
    ReconciliationQuery,
    ReconciliationRequest,
    ReconciliationSource,
    SalesExportQuery,
)
from orylo_common.csv_rows import MAX_BYTES, InvalidFile, LineProblem
from orylo_common.ids import uuid7
from orylo_common.messages import ReconciliationRequested, ReconciliationState

# What Stripe lists: https://docs.stripe.com/api/events
LONGEST_AGO = timedelta(days=30)
# 100,000 lines take some seconds, after two minutes at most for their arrival.
IMPORT_LIMIT = timedelta(minutes=4)
PREVIEWED = 5
NOTHING = ReconciliationEvents(listed=0, known=0, missing=0, fetched=0, not_subscribed=0)
FORMAT = """\
A CSV file in UTF-8, with commas, semicolons or tabs, of at most 16 MiB and 100,000 lines, as the gateway's panel
exports it. The columns are recognised by their usual names, or named in the query; the preview shows how the file is
read. Only the transaction's id, amount, currency and status are read, and nothing about buyers is stored. """
EXAMPLE = "transaction,price,currency,status\nHP1121336654889,497.90,BRL,approved\n"


async def list_reconciliations(call: Call[None, ReconciliationQuery, None]) -> ReconciliationPage:
    items, next_cursor = await queries.list_reconciliations(call.connection, call.query)
    return ReconciliationPage(items=items, next_cursor=next_cursor)


async def show_reconciliation(call: Call[ReconciliationPath, None, None]) -> Reconciliation:
    return await queries.find_reconciliation(call.connection, call.path.id)


async def start_reconciliation(call: Call[None, None, ReconciliationRequest]) -> Reconciliation:
    """Publish the request. Ingest compares and fetches; the read model follows its reports."""
    asked, user, now = call.body, call.principal, call.services.clock.now()
    start, end = max(asked.from_ or now - LONGEST_AGO, now - LONGEST_AGO), min(asked.to or now, now)
    if start >= end:
        text = "must be within the last 30 days, which is what Stripe lists"
        raise Invalid("there is nothing to compare", [FieldProblem(field="body.to", message=text)])
    made = _made(call, asked.gateway, ReconciliationSource.GATEWAY, now, asked.dry_run).model_copy(
        update={"range_start": start, "range_end": end, "events": NOTHING}
    )
    await queries.insert_reconciliation(call.connection, user.tenant.id, made)
    request = ReconciliationRequested(
        message_id=uuid7(),
        correlation_id=made.id,
        tenant_id=user.tenant.id,
        occurred_at=now,
        reconciliation_id=made.id,
        gateway=asked.gateway,
        range_start=start,
        range_end=end,
        dry_run=asked.dry_run,
        actor=user.name,
    )
    await outbox.publish(call, request)
    await _audit(call, made)
    return made


async def preview_export(call: Call[None, SalesExportQuery, None]) -> ExportPreview:
    file = _file(call.query)
    with _invalid_file():
        first = list(islice(file.read(BytesIO(call.upload)), PREVIEWED))
    found = file.found
    return ExportPreview(
        columns=[name[:100] for name in file.columns[:100]],
        id_column=found.id,
        amount_column=found.amount,
        currency_column=found.currency,
        state_column=found.state,
        first=[ExportedSale.model_validate(each, from_attributes=True) for each in first if isinstance(each, SaleLine)],
        problems=[f"line {each.line}: {each.message}" for each in first if isinstance(each, LineProblem)],
    )


async def compare_exported_sales(call: Call[None, SalesExportQuery, None]) -> Reconciliation:
    file, now = _file(call.query), call.services.clock.now()
    with _invalid_file():
        compared = await compare_export(call.connection, file.read(BytesIO(call.upload)))
    if file.found.id is None:
        text = "no column with the transaction's id is recognised"
        raise Invalid(text, [FieldProblem(field="query.id_column", message="must name the column of the file")])
    made = _made(call, call.query.gateway, ReconciliationSource.EXPORT, now, dry_run=False).model_copy(
        update={"state": ReconciliationState.COMPLETED, "finished_at": now, "export": compared}
    )
    await queries.insert_reconciliation(call.connection, call.principal.tenant.id, made)
    await _audit(call, made)
    return made


def _made(
    call: Call[None, SalesExportQuery, None] | Call[None, None, ReconciliationRequest],
    gateway: str,
    source: ReconciliationSource,
    now: datetime,
    dry_run: bool,
) -> Reconciliation:
    return Reconciliation(
        id=uuid7(),
        gateway=gateway,
        source=source,
        state=ReconciliationState.QUEUED,
        livemode=None,
        range_start=None,
        range_end=None,
        dry_run=dry_run,
        requested_by=call.principal.name,
        problem=None,
        events=None,
        created_at=now,
        finished_at=None,
        fetched=[],
        totals=[],
        differences=[],
        export=None,
    )


async def _audit(
    call: Call[None, SalesExportQuery, None] | Call[None, None, ReconciliationRequest], made: Reconciliation
) -> None:
    after = made.model_dump(mode="json", include={"gateway", "source", "range_start", "range_end", "dry_run"})
    await audit.write_change(call, action="reconciliation.start", subject=f"reconciliation {made.id}", after=after)


def _file(query: SalesExportQuery) -> ExportFile:
    named = ExportColumns(query.id_column, query.amount_column, query.currency_column, query.state_column)
    return ExportFile(query.gateway, lower(named), query.currency)


@contextmanager
def _invalid_file() -> Iterator[None]:
    try:
        yield
    except InvalidFile as invalid:
        raise Invalid(str(invalid), [FieldProblem(field="body", message=str(invalid))]) from None


ROUTES = (
    Route(
        "GET",
        "/api/v1/reconciliations",
        list_reconciliations,
        Permission.READ,
        "Reconciliations, newest first",
        query=ReconciliationQuery,
        response=ReconciliationPage,
        description="Comparisons with Stripe's API, daily and on request, and with exports of other gateways.",
    ),
    Route(
        "POST",
        "/api/v1/reconciliations",
        start_reconciliation,
        Permission.RECONCILE,
        "Compare Stripe's events and amounts with what was received, and fetch missing events",
        body=ReconciliationRequest,
        response=Reconciliation,
        status=202,
        description=(
            "Needs a key of Stripe's API that may read events; with read access to balance transactions and charges, "
            "sums are compared, too. It also runs daily. The stream's event `reconciliation.changed` reports progress. "
        ),
    ),
    Route(
        "GET",
        "/api/v1/reconciliations/{id}",
        show_reconciliation,
        Permission.READ,
        "A reconciliation with its report",
        path_values=ReconciliationPath,
        response=Reconciliation,
        description="Counts, missing events, and sums that differ. A report is kept for 90 days.",
    ),
    Route(
        "POST",
        "/api/v1/reconciliations/preview",
        preview_export,
        Permission.RECONCILE,
        "Show how an export of sales would be read",
        query=SalesExportQuery,
        response=ExportPreview,
        upload_bytes=MAX_BYTES,
        upload_example=EXAMPLE,
        time_limit=IMPORT_LIMIT,
        description=FORMAT,
    ),
    Route(
        "POST",
        "/api/v1/reconciliations/import",
        compare_exported_sales,
        Permission.RECONCILE,
        "Compare an export of sales with the payments that are known",
        query=SalesExportQuery,
        response=Reconciliation,
        status=201,
        upload_bytes=MAX_BYTES,
        upload_example=EXAMPLE,
        time_limit=IMPORT_LIMIT,
        description=FORMAT,
    ),
)
