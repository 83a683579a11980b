"""Verdicts in a CSV file, such as a merchant's own list of chargebacks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from orylo_api.http.fields import PaymentId
from orylo_common.csv_rows import FaultyLine, InvalidFile, LineProblem, read_rows
from orylo_common.messages import PaymentVerdict

MAX_REASON = 500

PAYMENT, VERDICT, REASON = "payment_id", "verdict", "reason"
_PAYMENT_ID: TypeAdapter[str] = TypeAdapter(PaymentId)
_VERDICTS = ", ".join(PaymentVerdict)


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


def read_verdicts(lines: Iterable[bytes], defaults: VerdictDefaults) -> Iterator[VerdictLine | LineProblem]:
    """Yield a verdict or a problem for each line after the header, except empty ones.

    Columns without a meaning here are not read. Raises `InvalidFile` as `read_rows` does, and for a header without
    `payment_id`.
    """

    def verdict(line: int, cells: Mapping[str, str]) -> VerdictLine:
        given = {name: cell.strip() for name, cell in cells.items()}
        reason = given.get(REASON) or defaults.reason
        if reason is not None and (len(reason) > MAX_REASON or "\x00" in reason):
            raise FaultyLine(REASON, f"a reason has at most {MAX_REASON} characters")
        return VerdictLine(
            line, _payment_id(given.get(PAYMENT, ""), defaults), _named(given.get(VERDICT), defaults), reason
        )

    return read_rows(lines, _check_header, verdict)


def _check_header(columns: Sequence[str]) -> None:
    if columns.count(PAYMENT) != 1:
        raise InvalidFile(f"the first line names the columns, one of them {PAYMENT}")


def _payment_id(text: str, defaults: VerdictDefaults) -> str:
    if defaults.gateway and not text.startswith(f"{defaults.gateway}:"):
        text = f"{defaults.gateway}:{text}" if text else ""
    try:
        return _PAYMENT_ID.validate_python(text)
    except ValidationError:
        raise FaultyLine(PAYMENT, "is not an id such as stripe:pi_3SVk2c; or name the gateway for the file") from None


def _named(text: str | None, defaults: VerdictDefaults) -> PaymentVerdict:
    try:
        verdict = PaymentVerdict(text.lower()) if text else defaults.verdict
    except ValueError:
        raise FaultyLine(VERDICT, f"must be one of {_VERDICTS}") from None
    if verdict is None:
        raise FaultyLine(VERDICT, f"is missing: name one of {_VERDICTS} here or for the file")
    return verdict
