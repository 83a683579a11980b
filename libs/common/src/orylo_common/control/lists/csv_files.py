"""Lists as CSV files. Faulty lines are reported by number, and no written cell is executed by a spreadsheet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orylo_common.control.document_key import DocumentKey
from orylo_common.control.lists.entries import ListEntry, NewEntry
from orylo_common.control.lists.values import (
    EntryType,
    InvalidEntry,
    checked_list,
    checked_reason,
    entry_value,
    parse_expiry,
)
from orylo_common.csv_rows import (
    FaultyLine,
    InvalidFile,
    LineProblem,
    csv_line,
    escaped_cell,
    read_rows,
    unescaped_cell,
)

COLUMNS = ("list", "type", "value", "reason", "expires_at", "added_by", "created_at")
_NEEDED = ("type", "value")


@dataclass(frozen=True, slots=True)
class LineDefaults:
    """The list, reason and expiry of lines that name none themselves."""

    list: str | None = None
    reason: str | None = None
    expires_at: datetime | None = None


def read_entries(
    lines: Iterable[bytes], defaults: LineDefaults, document_key: DocumentKey | None = None
) -> Iterator[NewEntry | LineProblem]:
    """Yield an entry or a problem for each line after the header, except empty ones.

    `added_by` and `created_at` are not read. Raises `InvalidFile` as `read_rows` does, and for a header that lacks a
    column.
    """

    def entry(line: int, cells: Mapping[str, str]) -> NewEntry:
        return _entry({name: unescaped_cell(cell).strip() for name, cell in cells.items()}, defaults, document_key)

    return read_rows(lines, _check_header, entry)


def header_line() -> str:
    return csv_line(COLUMNS)


def entry_line(entry: ListEntry) -> str:
    """Return an entry as a record of a file, from which `read_entries` reads the same."""
    expires_at = entry.expires_at.isoformat() if entry.expires_at else ""
    cells = (entry.list, entry.type, entry.value, entry.reason, expires_at, entry.added_by)
    return csv_line([*map(escaped_cell, cells), entry.created_at.isoformat()])


def _check_header(columns: Sequence[str]) -> None:
    for name in columns:
        if name not in COLUMNS:
            raise InvalidFile(f"the first line names the columns, of {', '.join(COLUMNS)}; it has an unknown one")
    if len(set(columns)) < len(columns):
        raise InvalidFile("the first line names a column twice")
    for name in _NEEDED:
        if name not in columns:
            raise InvalidFile(f"the first line names the columns; {name} is missing")


def _entry(cells: Mapping[str, str], defaults: LineDefaults, document_key: DocumentKey | None) -> NewEntry:
    column = "list"
    try:
        name = checked_list(cells.get("list") or defaults.list or "")
        column = "type"
        entry_type = _type(cells.get("type", ""))
        column = "value"
        value = entry_value(entry_type, cells.get("value", ""), document_key)
        column = "reason"
        reason = checked_reason(cells.get("reason") or defaults.reason or "")
        column = "expires_at"
        return NewEntry(
            name, entry_type, value, reason, parse_expiry(cells.get("expires_at", "")) or defaults.expires_at
        )
    except InvalidEntry as invalid:
        raise FaultyLine(column, str(invalid)) from None


def _type(text: str) -> EntryType:
    try:
        return EntryType(text.lower())
    except ValueError:
        raise InvalidEntry(f"a type is one of {', '.join(EntryType)}") from None
