"""Rows of one subject as a file: CSV for spreadsheets, NDJSON for programs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from orylo_api.access.roles import Permission
from orylo_api.http.fields import PageQuery, RequestPart, ResponseBody
from orylo_common.csv_rows import csv_line, escaped_cell
from orylo_common.postgres.pool import Connection

Item = TypeVar("Item", bound=ResponseBody)
Filters = TypeVar("Filters", bound=RequestPart)


class ExportFormat(StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"


@dataclass(frozen=True, slots=True)
class ExportSource(Generic[Item, Filters]):
    """`read` returns a page of items and the cursor of the next one. `columns` are those of a CSV file."""

    # Of the file, and of the kind of job.
    name: str
    # For starting an export, and for downloading its file.
    permission: Permission
    filters: type[Filters]
    columns: Mapping[str, Callable[[Item], Any]]
    read: Callable[[Connection, UUID, Filters, PageQuery], Awaitable[tuple[Sequence[Item], str | None]]]

    def header(self, form: ExportFormat) -> str:
        return csv_line(list(self.columns)) if form is ExportFormat.CSV else ""

    def line(self, form: ExportFormat, item: Item) -> str:
        """Return an item's line. A CSV cell that a spreadsheet would execute gets an apostrophe in front."""
        if form is ExportFormat.NDJSON:
            return item.model_dump_json() + "\n"
        return csv_line([escaped_cell(_text(value(item))) for value in self.columns.values()])


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, datetime) else str(value)
