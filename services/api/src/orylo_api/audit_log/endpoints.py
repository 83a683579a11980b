"""The tenant's audit log, in pages or as a file, which a job writes."""

from pydantic import Field

from orylo_api.audit_log.export import AUDIT_LOG, AuditFilters, AuditLine, read_audit_lines
from orylo_api.call import Call
from orylo_api.exports.job import start_export
from orylo_api.exports.models import EXPORT, ExportRequest
from orylo_api.http.fields import Page, PageQuery
from orylo_api.http.route import Route
from orylo_api.jobs.models import Job


class AuditQuery(AuditFilters, PageQuery):
    pass


class AuditPage(Page[AuditLine]):
    pass


class AuditExport(ExportRequest):
    filter: AuditFilters = Field(default_factory=AuditFilters, description="which lines")


async def list_audit_lines(call: Call[None, AuditQuery, None]) -> AuditPage:
    items, next_cursor = await read_audit_lines(call.connection, call.principal.tenant.id, call.query, call.query)
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
