"""Verdicts in a CSV file, such as a merchant's own list of chargebacks."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from orylo_api.http.fields import PaymentId
from orylo_api.verdicts.models import LineProblem
from orylo_common.control.errors import InvalidChange
from orylo_common.messages import PaymentVerdict

MAX_BYTES = 16 * 1024 * 1024
MAX_LINES = 100_000
MAX_REASON = 500

PAYMENT, VERDICT, REASON = "payment_id", "verdict", "reason"
_DELIMITERS = ",;\t"
_PAYMENT_ID: TypeAdapter[str] = TypeAdapter(PaymentId)
_VERDICTS = ", ".join(PaymentVerdict)


class InvalidVerdictFile(InvalidChange):
    """The file cannot be read at all."""


@dataclass(frozen=True, slots=True)
class VerdictDefaults:
    """The verdict and the reason of lines without them, and the gateway of payment ids without one."""

    verdict: PaymentVerdict | None = None
    reason: str | None = None
    gateway: str | None = None


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """`line` counts from 1, with the header."""

    line: int
    payment_id: str
    verdict: PaymentVerdict
    reason: str | None


class _Faulty(Exception):
    def __init__(self, column: str, message: str) -> None:
        self.column = column
        self.message = message


def read_verdicts(lines: Iterable[bytes], defaults: VerdictDefaults) -> Iterator[VerdictLine | LineProblem]:
    """Yield a verdict or a problem for each line after the header, except empty ones.

    Columns are separated by commas, semicolons or tabs. Those without a meaning here are not read. Raises
    `InvalidVerdictFile` for a header without `payment_id`, an encoding other than UTF-8, and more than `MAX_BYTES` or
    `MAX_LINES`.
    """
    texts = _decoded(lines)
    header = next(texts, "")
    delimiter = max(_DELIMITERS, key=header.count)
    columns = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
    if columns.count(PAYMENT) != 1:
        raise InvalidVerdictFile(f"the first line names the columns, one of them {PAYMENT}")
    rows = csv.reader(texts, delimiter=delimiter)
    while True:
        line = rows.line_num + 2
        try:
            cells = next(rows, None)
        except csv.Error:
            yield LineProblem(line=line, column="", message="not CSV; the lines that follow were not read")
            return
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        try:
            yield _verdict(line, columns, cells, defaults)
        except _Faulty as faulty:
            yield LineProblem(line=line, column=faulty.column, message=faulty.message)


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    size = 0
    for number, line in enumerate(lines, 1):
        size += len(line)
        if size > MAX_BYTES or number > MAX_LINES + 1:
            raise InvalidVerdictFile(f"a file has at most {MAX_BYTES >> 20} MiB and {MAX_LINES:,} lines: split it")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise InvalidVerdictFile(f"line {number} is not encoded in UTF-8") from None


def _verdict(line: int, columns: Sequence[str], cells: Sequence[str], defaults: VerdictDefaults) -> VerdictLine:
    if len(cells) > len(columns):
        raise _Faulty("", "has more cells than the first line; put quotes around a cell with a separator")
    given = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
    reason = given.get(REASON) or defaults.reason
    if reason is not None and (len(reason) > MAX_REASON or "\x00" in reason):
        raise _Faulty(REASON, f"a reason has at most {MAX_REASON} characters")
    return VerdictLine(
        line, _payment_id(given.get(PAYMENT, ""), defaults), _named(given.get(VERDICT), defaults), reason
    )


def _payment_id(text: str, defaults: VerdictDefaults) -> str:
    if defaults.gateway and not text.startswith(f"{defaults.gateway}:"):
        text = f"{defaults.gateway}:{text}" if text else ""
    try:
        return _PAYMENT_ID.validate_python(text)
    except ValidationError:
        raise _Faulty(PAYMENT, "is not an id such as stripe:pi_3SVk2c; or name the gateway for the file") from None


def _named(text: str | None, defaults: VerdictDefaults) -> PaymentVerdict:
    try:
        verdict = PaymentVerdict(text.lower()) if text else defaults.verdict
    except ValueError:
        raise _Faulty(VERDICT, f"must be one of {_VERDICTS}") from None
    if verdict is None:
        raise _Faulty(VERDICT, f"is missing: name one of {_VERDICTS} here or for the file")
    return verdict
