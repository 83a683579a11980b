"""The tenant's audit log, in pages or as a file, which a job writes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import Field, StringConstraints

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.exports.job import kind_of, start_export
from orylo_api.exports.models import EXPORT, ExportRequest
from orylo_api.exports.source import ExportSource
from orylo_api.http.fields import Moment, Page, PageQuery, RequestPart, ResponseBody
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_api.http.route import Route
from orylo_api.jobs.models import Job
from orylo_common.postgres.pool import Connection

# Ids are in the order of time.
LINES = Listing("control.audit_log", "id", UUID, order_by="id", order_type=UUID)


class AuditFilters(RequestPart):
    from_: Moment | None = Field(
        default=None, alias="from", description="written at or after", examples=["2026-11-01T00:00:00Z"]
    )
    to: Moment | None = Field(default=None, description="written before", examples=["2026-12-01T00:00:00Z"])
    action: Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z0-9_.-]+$")] | None = Field(
        default=None, description="only this action", examples=["rule.update"]
    )


class AuditQuery(AuditFilters, PageQuery):
    pass


class AuditLine(ResponseBody):
    """A change: its author, and the values before and after."""

    id: UUID
    at: datetime
    actor_kind: str = Field(description="user, api_key or command", examples=["user"])
    actor: str = Field(examples=["ana@example.com"])
    action: str = Field(examples=["rule.update"])
    subject: str = Field(examples=["rule night-orders"])
    before: dict[str, Any] | None = Field(examples=[{"mode": "shadow"}])
    after: dict[str, Any] | None = Field(examples=[{"mode": "on"}])
    address: str = Field(examples=["203.0.113.7"])
    user_agent: str = Field(examples=["Mozilla/5.0"])


class AuditPage(Page[AuditLine]):
    pass


class AuditExport(ExportRequest):
    filter: AuditFilters = Field(default_factory=AuditFilters, description="which lines")


COLUMNS: Mapping[str, Callable[[AuditLine], Any]] = {
    "id": lambda line: line.id,
    "at": lambda line: line.at,
    "actor_kind": lambda line: line.actor_kind,
    "actor": lambda line: line.actor,
    "action": lambda line: line.action,
    "subject": lambda line: line.subject,
    "before": lambda line: _json(line.before),
    "after": lambda line: _json(line.after),
    "address": lambda line: line.address,
    "user_agent": lambda line: line.user_agent,
}


def _json(values: dict[str, Any] | None) -> str | None:
    return None if values is None else orjson.dumps(values).decode()


async def _read(
    connection: Connection, _tenant_id: UUID, filters: AuditFilters, page: PageQuery
) -> tuple[Sequence[AuditLine], str | None]:
    where = Where()
    if filters.from_ is not None:
        where.filter("at >= {}", filters.from_)
    if filters.to is not None:
        where.filter("at < {}", filters.to)
    if filters.action is not None:
        where.filter("action = {}", filters.action)
    rows, next_cursor = await fetch_page(connection, LINES, where, page)
    return [AuditLine.from_row(row) for row in rows], next_cursor


AUDIT_LOG = ExportSource("audit_log", Permission.EXPORT_AUDIT_LOG, AuditFilters, COLUMNS, _read)
AUDIT_LOG_EXPORT = kind_of(AUDIT_LOG)


async def list_audit_lines(call: Call[None, AuditQuery, None]) -> AuditPage:
    items, next_cursor = await _read(call.connection, call.principal.tenant.id, call.query, call.query)
    return AuditPage(items=list(items), next_cursor=next_cursor)


async def start_audit_export(call: Call[None, None, AuditExport]) -> Job:
    return await start_export(call, AUDIT_LOG, call.body)


ROUTES = (
    Route(
        "GET",
        "/api/v1/audit-log",
        list_audit_lines,
        AUDIT_LOG.permission,
        "The audit log, newest first",
        query=AuditQuery,
        response=AuditPage,
        description="For the same roles as its export: it names the people who work for the shop, with their "
        "addresses. Reading it adds no line. ",
    ),
    Route(
        "POST",
        "/api/v1/audit-log/export",
        start_audit_export,
        AUDIT_LOG.permission,
        "Export the audit log in a job",
        body=AuditExport,
        response=Job,
        status=202,
        refuses={429},
        description=EXPORT,
    ),
)
