"""Reads a CSV or Parquet file of labelled payments."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from io import TextIOWrapper
from pathlib import Path
from typing import Any

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


class UnreadableFile(Exception):
    """A file that cannot be used. The text has one line per problem."""


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """Payments in order of their times. `ignored` names the columns that are not used."""

    payments: Sequence[LabelledPayment]
    ignored: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    where: str
    values: Sequence[Any]
    # Share of the file.
    read: float


def read_labelled(file: Path, progress: Progress = lambda _: None) -> LabelledFile:
    """Read all payments. Raises `UnreadableFile` with the lines of the rows that cannot be used."""
    try:
        rows = _parquet_rows(file) if file.suffix.lower() in (".parquet", ".pq") else _csv_rows(file)
        header = [str(name).strip().lower() for name in next(rows).values]
        _check_header(file, header)
        payments = _payments(file, header, rows, progress)
    except OSError as error:
        raise UnreadableFile(f"{file}: {error.strerror or error}") from None
    return LabelledFile(payments, [name for name in header if name not in COLUMNS])


def _payments(file: Path, header: Sequence[str], rows: Iterator[_Row], progress: Progress) -> list[LabelledPayment]:
    payments: dict[tuple[str, str], LabelledPayment] = {}
    problems: list[str] = []
    for number, row in enumerate(rows):
        if number % REPORT_EVERY == 0:
            progress(row.read)
        try:
            payment = _payment(header, row.values)
        except BadValue as error:
            problems.append(f"{file}, {row.where}: {error}")
            continue
        if payments.setdefault((payment.payment_id, payment.status), payment) is not payment:
            problems.append(
                f"{file}, {row.where}: another row has payment_id {payment.payment_id!r} and the same status"
            )
    if len(problems) > LISTED:
        problems[LISTED:] = [f"{len(problems) - LISTED} more rows cannot be used"]
    if not payments and not problems:
        problems.append(f"{file} has no payments")
    if problems:
        raise UnreadableFile("\n".join(problems))
    progress(1.0)
    return sorted(payments.values(), key=replay_order)


def _payment(header: Sequence[str], values: Sequence[Any]) -> LabelledPayment:
    if len(values) != len(header):
        raise BadValue(f"{len(values)} values for {len(header)} columns")
    return labelled_payment(dict(zip(header, values, strict=True)))


def _check_header(file: Path, header: Sequence[str]) -> None:
    missing = [name for name in REQUIRED_COLUMNS if name not in header]
    repeated = sorted({name for name in header if header.count(name) > 1})
    problems = [f"{file} has no column {name}{_near(name, header)}" for name in missing]
    problems += [f"{file} has several columns {name}" for name in repeated]
    if problems:
        raise UnreadableFile("\n".join(problems))


def _near(name: str, header: Sequence[str]) -> str:
    near = get_close_matches(name, [each for each in header if each not in COLUMNS], n=1)
    return f"; {near[0]} looks like it" if near else ""


def _csv_rows(file: Path) -> Iterator[_Row]:
    """Yield the header and the rows. Values are separated by commas, or by semicolons if the header is."""
    size = max(file.stat().st_size, 1)
    with file.open("rb") as raw, TextIOWrapper(raw, encoding="utf-8-sig", newline="") as lines:
        try:
            header = lines.readline()
            delimiter = ";" if ";" in header and "," not in header else ","
            yield _Row("line 1", next(csv.reader([header], delimiter=delimiter), []), 0.0)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            for values in reader:
                if values:
                    yield _Row(f"line {reader.line_num + 1}", values, raw.tell() / size)
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
        yield _Row("header", names, 0.0)
        for batch in batches:
            for values in zip(*(batch.column(name).to_pylist() for name in names), strict=True):
                number += 1
                yield _Row(f"row {number}", values, 0.0)
    except (UnreadableFile, KeyboardInterrupt, GeneratorExit):
        raise
    # A damaged file makes the reader's native code panic, and a panic is not an `Exception`.
    except BaseException as error:
        raise UnreadableFile(f"{file} cannot be read as Parquet: {error}") from error
