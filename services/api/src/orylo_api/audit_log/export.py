"""The lines of the tenant's audit log, and their export."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import Field, StringConstraints

from orylo_api.access.roles import Permission
from orylo_api.exports.job import kind_of
from orylo_api.exports.source import ExportSource
from orylo_api.http.fields import Moment, PageQuery, RequestPart, ResponseBody
from orylo_api.http.pages import Listing, Where, fetch_page
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


async def read_audit_lines(
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


AUDIT_LOG = ExportSource("audit_log", Permission.EXPORT_AUDIT_LOG, AuditFilters, COLUMNS, read_audit_lines)
AUDIT_LOG_EXPORT = kind_of(AUDIT_LOG)
