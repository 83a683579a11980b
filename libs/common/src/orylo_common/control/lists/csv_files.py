"""Lists as CSV files. Faulty lines are reported by number, and no written cell is executed by a spreadsheet."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO

from orylo_common.control.document_key import DocumentKey
from orylo_common.control.errors import InvalidChange
from orylo_common.control.lists.entries import ListEntry, NewEntry
from orylo_common.control.lists.values import (
    EntryType,
    InvalidEntry,
    checked_list,
    checked_reason,
    entry_value,
    parse_expiry,
)

MAX_BYTES = 16 * 1024 * 1024
MAX_LINES = 100_000

COLUMNS = ("list", "type", "value", "reason", "expires_at", "added_by", "created_at")
_NEEDED = ("type", "value")
_DELIMITERS = ",;\t"
# Spreadsheets execute a cell that begins like this (OWASP, CSV injection). An apostrophe before it makes it text.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


class InvalidFile(InvalidChange):
    """The file cannot be read as a list."""


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Why a line cannot be imported. `line` counts from 1, with the header; `column` is empty for the whole line.

    The message does not contain the value, which may be personal.
    """

    line: int
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class LineDefaults:
    """The list, reason and expiry of lines that name none themselves."""

    list: str | None = None
    reason: str | None = None
    expires_at: datetime | None = None


class _Faulty(Exception):
    def __init__(self, column: str, message: str) -> None:
        self.column = column
        self.message = message


def read_entries(
    lines: Iterable[bytes], defaults: LineDefaults, document_key: DocumentKey | None = None
) -> Iterator[NewEntry | LineProblem]:
    """Yield an entry or a problem for each line after the header, except empty ones.

    Columns are separated by commas, semicolons or tabs; `added_by` and `created_at` are not read. Raises `InvalidFile`
    for a header that lacks a column, an encoding other than UTF-8, and more than `MAX_BYTES` or `MAX_LINES`.
    """
    texts = _decoded(lines)
    header = next(texts, "")
    delimiter = max(_DELIMITERS, key=header.count)
    columns = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
    _check_header(columns)
    rows = csv.reader(texts, delimiter=delimiter)
    while True:
        line = rows.line_num + 2
        try:
            cells = next(rows, None)
        except csv.Error:
            yield LineProblem(line, "", "not CSV; the lines that follow were not read")
            return
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        try:
            yield _entry(_by_column(columns, cells), defaults, document_key)
        except _Faulty as faulty:
            yield LineProblem(line, faulty.column, faulty.message)


def header_line() -> str:
    return _line(COLUMNS)


def entry_line(entry: ListEntry) -> str:
    """Return an entry as a record of a file, from which `read_entries` reads the same."""
    expires_at = entry.expires_at.isoformat() if entry.expires_at else ""
    cells = (entry.list, entry.type, entry.value, entry.reason, expires_at, entry.added_by)
    return _line([*map(_escaped, cells), entry.created_at.isoformat()])


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    size = 0
    for number, line in enumerate(lines, 1):
        size += len(line)
        if size > MAX_BYTES or number > MAX_LINES + 1:
            raise InvalidFile(f"a file has at most {MAX_BYTES >> 20} MiB and {MAX_LINES:,} lines: split it")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise InvalidFile(f"line {number} is not encoded in UTF-8") from None


def _check_header(columns: Sequence[str]) -> None:
    for name in columns:
        if name not in COLUMNS:
            raise InvalidFile(f"the first line names the columns, of {', '.join(COLUMNS)}; it has an unknown one")
    if len(set(columns)) < len(columns):
        raise InvalidFile("the first line names a column twice")
    for name in _NEEDED:
        if name not in columns:
            raise InvalidFile(f"the first line names the columns; {name} is missing")


def _by_column(columns: Sequence[str], cells: Sequence[str]) -> Mapping[str, str]:
    if len(cells) > len(columns):
        raise _Faulty("", "has more cells than the first line; put quotes around a cell with a separator")
    return dict(zip(columns, (_unescaped(cell).strip() for cell in cells), strict=False))


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
        raise _Faulty(column, str(invalid)) from None


def _type(text: str) -> EntryType:
    try:
        return EntryType(text.lower())
    except ValueError:
        raise InvalidEntry(f"a type is one of {', '.join(EntryType)}") from None


def _escaped(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _unescaped(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _line(cells: Sequence[str]) -> str:
    line = StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
