"""Compare an export's sales with the payments that are known."""

from collections.abc import Iterable, Iterator
from itertools import islice

import asyncpg

from orylo_api.payments.models import PaymentState
from orylo_api.reconciliations.export_file import SaleLine
from orylo_api.reconciliations.models import ExportComparison, ExportDifference, ExportDifferenceKind
from orylo_common.csv_rows import LineProblem
from orylo_common.money import to_major
from orylo_common.postgres.pool import Connection

BATCH = 1_000
MAX_DIFFERENCES = 200
MAX_INVALID = 100
SELECT_PAYMENTS = """
    SELECT payment_id, outcome AS state, amount_minor, currency
    FROM api.payments_view CROSS JOIN LATERAL api.payment_outcome(state, refunded_minor, reversals)
    WHERE payment_id = ANY($1)
"""


async def compare_export(connection: Connection, read: Iterator[SaleLine | LineProblem]) -> ExportComparison:
    """Compare each line, in the tenant's transaction. Memory holds a batch. Raises what `read` raises."""
    lines = invalid = 0
    counts = dict.fromkeys(ExportDifferenceKind, 0)
    same = 0
    differences: list[ExportDifference] = []
    invalid_lines: list[int] = []
    while batch := list(islice(read, BATCH)):
        sales = [each for each in batch if isinstance(each, SaleLine)]
        faulty = [each.line for each in batch if isinstance(each, LineProblem)]
        rows = await connection.fetch(SELECT_PAYMENTS, [each.payment_id for each in sales])
        known = {row["payment_id"]: row for row in rows}
        for sale in sales:
            found = list(differences_of(sale, known.get(sale.payment_id)))
            same += not found
            for each in found:
                counts[each.kind] += 1
            differences += found[: MAX_DIFFERENCES - len(differences)]
        lines += len(batch)
        invalid += len(faulty)
        invalid_lines += faulty[: MAX_INVALID - len(invalid_lines)]
    return ExportComparison(
        lines=lines,
        same=same,
        missing=counts[ExportDifferenceKind.MISSING],
        amounts=counts[ExportDifferenceKind.AMOUNT],
        states=counts[ExportDifferenceKind.STATE],
        invalid=invalid,
        differences=differences,
        invalid_lines=invalid_lines,
    )


def differences_of(sale: SaleLine, known: asyncpg.Record | dict[str, object] | None) -> Iterable[ExportDifference]:
    """Yield the differences of one line. `known` is the payment's row."""
    if known is None:
        yield _difference(sale, ExportDifferenceKind.MISSING, _state(sale), None)
        return
    amount = (known["amount_minor"], known["currency"])
    if sale.amount_minor is not None and (sale.amount_minor, sale.currency) != amount:
        exported = _money(sale.amount_minor, sale.currency)
        yield _difference(sale, ExportDifferenceKind.AMOUNT, exported, _money(*amount))
    state = PaymentState(str(known["state"]))
    if sale.state is not None and sale.state is not _comparable(state):
        yield _difference(sale, ExportDifferenceKind.STATE, _state(sale), state)


def _comparable(state: PaymentState) -> PaymentState:
    """Return the state as panels show it: a dispute that was won leaves the sale approved."""
    return PaymentState.SUCCEEDED if state is PaymentState.DISPUTE_WON else state


def _difference(
    sale: SaleLine, kind: ExportDifferenceKind, exported: str | None, known: str | None
) -> ExportDifference:
    return ExportDifference(line=sale.line, kind=kind, payment_id=sale.payment_id, exported=exported, known=known)


def _state(sale: SaleLine) -> str | None:
    return None if sale.state is None else sale.state.value


def _money(minor: object, currency: object) -> str:
    return f"{to_major(int(str(minor)), str(currency))} {currency}"
