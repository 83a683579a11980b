"""CSV files: those that people upload, of a bounded size, with each faulty line reported by its number; and cells of
those that they download, which no spreadsheet executes.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TypeVar

from orylo_common.control.errors import InvalidChange

MAX_BYTES = 16 * 1024 * 1024
MAX_LINES = 100_000
_DELIMITERS = ",;\t"
# Spreadsheets execute a cell that begins like this (OWASP, CSV injection). An apostrophe before it makes it text.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
# Where the decimal separator is a comma, as in Brazil, spreadsheets split lines at semicolons. Quotes inside a line
# then quote nothing, and a part of a cell becomes a cell.
_INNER_FORMULA = re.compile(r"(?<=[;\t\r\n])(?=['\"]*[=+\-@＝＋－＠])")
_ESCAPED_INNER_FORMULA = re.compile(r"(?<=[;\t\r\n])'(?=['\"]*[=+\-@＝＋－＠])")

Item = TypeVar("Item")


class InvalidFile(InvalidChange):
    """The file cannot be read at all."""


class FaultyLine(Exception):
    """A line cannot be read. `column` is empty for the whole line."""

    def __init__(self, column: str, message: str) -> None:
        self.column = column
        self.message = message


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Why a line cannot be imported. `line` counts from 1, with the header; `column` is empty for the whole line.

    The message does not contain the value, which may be personal.
    """

    line: int
    column: str
    message: str


def read_rows(
    lines: Iterable[bytes],
    check_columns: Callable[[Sequence[str]], None],
    parse: Callable[[int, Mapping[str, str]], Item],
) -> Iterator[Item | LineProblem]:
    """Yield what `parse` makes of each line after the header, or a problem. Empty lines are left out.

    Columns are separated by commas, semicolons or tabs, and named in lower case. `check_columns` raises `InvalidFile`
    for a header, `parse` raises `FaultyLine` for the cells of a line, by column. Raises `InvalidFile` for an encoding
    other than UTF-8, and for more than `MAX_BYTES` or `MAX_LINES`.
    """
    texts = _decoded(lines)
    header = next(texts, "")
    delimiter = max(_DELIMITERS, key=header.count)
    columns = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
    check_columns(columns)
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
            yield parse(line, _by_column(columns, cells))
        except FaultyLine as faulty:
            yield LineProblem(line, faulty.column, faulty.message)


def escaped_cell(text: str) -> str:
    text = _INNER_FORMULA.sub("'", text)
    return f"'{text}" if _FORMULA.match(text) else text


def unescaped_cell(text: str) -> str:
    text = text[1:] if text.startswith("'") and _FORMULA.match(text) else text
    return _ESCAPED_INNER_FORMULA.sub("", text)


def csv_line(cells: Sequence[str]) -> str:
    """Return a record as RFC 4180 has it, without escaping its cells against execution."""
    line = StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


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


def _by_column(columns: Sequence[str], cells: Sequence[str]) -> Mapping[str, str]:
    if len(cells) > len(columns):
        raise FaultyLine("", "has more cells than the first line; put quotes around a cell with a separator")
    return dict(zip(columns, cells, strict=False))
