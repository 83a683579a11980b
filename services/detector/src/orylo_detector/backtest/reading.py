"""Reads a CSV or Parquet file of labelled payments."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO

from arro3.io import read_parquet

from orylo_detector.backtest.labelled_payment import OPTIONAL_COLUMNS, REQUIRED_COLUMNS, LabelledPayment, replay_order
from orylo_detector.backtest.rows import BadValue, labelled_payment

COLUMNS = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)
# Problems that an error lists. The rest are counted.
LISTED = 20
REPORT_EVERY = 10_000
# A Parquet file begins with it.
MAGIC = b"PAR1"

# Called with the share of the file that has been read, from 0 to 1.
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row cannot be used, without its values. `line` counts from 1, with the header of a CSV file."""

    line: int
    column: str
    message: str


class UnreadableFile(Exception):
    """A file that cannot be used. The text has one line per problem, `rows` the first ones of single rows."""

    def __init__(self, text: str, rows: Sequence[RowProblem] = (), invalid: int = 0) -> None:
        super().__init__(text)
        self.rows = rows
        # All rows that cannot be used.
        self.invalid = invalid


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """Payments in order of their times. `ignored` names the columns that are not used."""

    payments: Sequence[LabelledPayment]
    ignored: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    where: str
    line: int
    values: Sequence[Any]
    # Share of the file.
    read: float


def read_labelled(file: Path, progress: Progress = lambda _: None) -> LabelledFile:
    """Read all payments. Raises `UnreadableFile` with the lines of the rows that cannot be used."""
    try:
        if file.suffix.lower() in (".parquet", ".pq"):
            return _read(f"{file}", _parquet_rows(file), {}, progress)
        with file.open("rb") as raw:
            return read_labelled_csv(raw, file.stat().st_size, f"{file}", progress=progress)
    except OSError as error:
        raise UnreadableFile(f"{file}: {error.strerror or error}") from None


def read_labelled_csv(
    raw: BinaryIO,
    size: int,
    name: str,
    *,
    columns: Mapping[str, str] | None = None,
    progress: Progress = lambda _: None,
) -> LabelledFile:
    """Read all payments of a CSV file of `size` bytes. Problems call it `name`.

    `columns` maps our names of columns to those of the file, where they differ. Raises `UnreadableFile`.
    """
    return _read(name, _csv_rows(name, raw, size), columns or {}, progress)


def read_header(raw: BinaryIO) -> list[str]:
    """Return the names of a CSV file's columns, in lower case. Raises `UnreadableFile`."""
    return _header(next(_csv_rows("the file", raw, 0)).values)


def used_as(header: Sequence[str], columns: Mapping[str, str]) -> list[str]:
    """Return our name for each column of a file, or "" for one that is not used."""
    given = {theirs.strip().lower(): ours for ours, theirs in columns.items()}
    return [given.get(name) or (name if name in COLUMNS and name not in columns else "") for name in header]


def _read(name: str, rows: Iterator[_Row], columns: Mapping[str, str], progress: Progress) -> LabelledFile:
    header = _header(next(rows).values)
    names = used_as(header, columns)
    _check_header(name, names, header)
    payments = _payments(name, names, rows, progress)
    return LabelledFile(payments, [theirs for theirs, ours in zip(header, names, strict=True) if not ours])


def _header(values: Sequence[Any]) -> list[str]:
    return [str(name).strip().lower() for name in values]


def _payments(name: str, header: Sequence[str], rows: Iterator[_Row], progress: Progress) -> list[LabelledPayment]:
    payments: dict[tuple[str, str], LabelledPayment] = {}
    problems: list[str] = []
    listed: list[RowProblem] = []
    for number, row in enumerate(rows):
        if number % REPORT_EVERY == 0:
            progress(row.read)
        try:
            _add(_payment(header, row.values), payments)
        except BadValue as error:
            problems.append(f"{name}, {row.where}: {error}")
            if len(listed) < LISTED:
                listed.append(RowProblem(row.line, error.column, error.message))
    invalid = len(problems)
    if invalid > LISTED:
        problems[LISTED:] = [f"{invalid - LISTED} more rows cannot be used"]
    if not payments and not problems:
        problems.append(f"{name} has no payments")
    if problems:
        raise UnreadableFile("\n".join(problems), listed, invalid)
    progress(1.0)
    return sorted(payments.values(), key=replay_order)


def _add(payment: LabelledPayment, payments: dict[tuple[str, str], LabelledPayment]) -> None:
    if payments.setdefault((payment.payment_id, payment.status), payment) is not payment:
        raise BadValue("payment_id", "another row has it and the same status", payment.payment_id)


def _payment(header: Sequence[str], values: Sequence[Any]) -> LabelledPayment:
    if len(values) != len(header):
        raise BadValue("", f"{len(values)} values for {len(header)} columns")
    return labelled_payment(dict(zip(header, values, strict=True)))


def _check_header(file: str, names: Sequence[str], header: Sequence[str]) -> None:
    missing = [name for name in REQUIRED_COLUMNS if name not in names]
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    problems = [f"{file} has no column {name}{_near(name, header)}" for name in missing]
    problems += [f"{file} has several columns {name}" for name in repeated]
    if problems:
        raise UnreadableFile("\n".join(problems))


def _near(name: str, header: Sequence[str]) -> str:
    near = get_close_matches(name, [each for each in header if each not in COLUMNS], n=1)
    return f"; {near[0]} looks like it" if near else ""


def _csv_rows(file: str, raw: BinaryIO, size: int) -> Iterator[_Row]:
    """Yield the header and the rows. Values are separated by commas, or by semicolons if the header is."""
    size = max(size, 1)
    with TextIOWrapper(raw, encoding="utf-8-sig", newline="") as lines:
        try:
            header = lines.readline()
            delimiter = ";" if ";" in header and "," not in header else ","
            yield _Row("line 1", 1, next(csv.reader([header], delimiter=delimiter), []), 0.0)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            for values in reader:
                if values:
                    yield _Row(f"line {reader.line_num + 1}", reader.line_num + 1, values, raw.tell() / size)
        except UnicodeDecodeError:
            raise UnreadableFile(f"{file} is not a text in UTF-8") from None
        except csv.Error as error:
            raise UnreadableFile(f"{file}, line {reader.line_num + 1}: {error}") from None


def _parquet_rows(file: Path) -> Iterator[_Row]:
    with file.open("rb") as raw:
        if raw.read(len(MAGIC)) != MAGIC:
            raise UnreadableFile(f"{file} is not a Parquet file")
    number = 0
    try:
        batches = read_parquet(file)
        names = list(batches.schema.names)
        yield _Row("header", 0, names, 0.0)
        for batch in batches:
            for values in zip(*(batch.column(name).to_pylist() for name in names), strict=True):
                number += 1
                yield _Row(f"row {number}", number, values, 0.0)
    except (UnreadableFile, KeyboardInterrupt, GeneratorExit):
        raise
    # A damaged file makes the reader's native code panic, and a panic is not an `Exception`.
    except BaseException as error:
        raise UnreadableFile(f"{file} cannot be read as Parquet: {error}") from error
