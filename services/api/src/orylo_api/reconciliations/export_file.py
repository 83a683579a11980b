"""Exports of sales, as CSV files of a gateway's panel. Only the mapped columns are read; a buyer's data never are."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass

from orylo_api.payments.models import PaymentState
from orylo_common.csv_rows import FaultyLine, InvalidFile, LineProblem, read_rows
from orylo_common.money import to_minor

# Panels name their columns in the user's language, and change the names. So a column can be named by the caller.
ID_NAMES = (
    "payment_id", "transaction", "transaction code", "transaction id", "order_id", "order id", "sale code", "code",
    "transação", "código da transação", "codigo da transacao", "id da venda", "código da venda", "codigo da venda",
    "código", "codigo", "pedido", "id",
)  # fmt: skip
AMOUNT_NAMES = (
    "amount", "price", "full price", "sale amount", "charge_amount", "total", "valor", "valor total", "preço", "preco",
    "preço total", "preco total", "valor da venda", "valor da compra",
)  # fmt: skip
CURRENCY_NAMES = ("currency", "currency code", "moeda")
STATE_NAMES = ("status", "state", "order_status", "sale_status", "situação", "situacao", "estado")

# https://developers.hotmart.com and the panels of Kiwify and PerfectPay. Words that are not listed are not compared.
STATES: Mapping[str, PaymentState] = {
    **dict.fromkeys(
        ("approved", "complete", "completed", "paid", "aprovado", "aprovada", "completo", "completa", "pago", "paga"),
        PaymentState.SUCCEEDED,
    ),
    **dict.fromkeys(("refunded", "reembolsado", "reembolsada", "devolvido", "devolvida"), PaymentState.REFUNDED),
    **dict.fromkeys(("partially_refunded", "parcialmente reembolsado"), PaymentState.PARTIALLY_REFUNDED),
    **dict.fromkeys(("chargeback", "chargedback", "charged_back", "charged back"), PaymentState.CHARGEBACK),
    **dict.fromkeys(("dispute", "disputed", "protest", "em disputa", "reclamado"), PaymentState.DISPUTED),
    **dict.fromkeys(("refused", "rejected", "declined", "recusado", "recusada"), PaymentState.FAILED),
    **dict.fromkeys(
        ("canceled", "cancelled", "expired", "cancelado", "cancelada", "expirado", "expirada"), PaymentState.CANCELED
    ),
}
_AMOUNT = re.compile(r"-?[0-9][0-9.,]*")
_MAX_ID = 500


@dataclass(frozen=True, slots=True)
class ExportColumns:
    """The columns by meaning, in lower case. None: not in the file."""

    id: str | None = None
    amount: str | None = None
    currency: str | None = None
    state: str | None = None

    def recognised_in(self, columns: Sequence[str]) -> "ExportColumns":
        """Return these columns, with those that are not named recognised by their usual names."""
        return ExportColumns(
            self.id or _first(ID_NAMES, columns),
            self.amount or _first(AMOUNT_NAMES, columns),
            self.currency or _first(CURRENCY_NAMES, columns),
            self.state or _first(STATE_NAMES, columns),
        )

    @property
    def named(self) -> list[str]:
        return [name for name in (self.id, self.amount, self.currency, self.state) if name is not None]


@dataclass(frozen=True, slots=True)
class SaleLine:
    line: int
    payment_id: str
    amount_minor: int | None
    currency: str
    state: PaymentState | None


@dataclass(slots=True)
class ExportFile:
    """A file as it is being read. `columns` and `found` are set once the header has been read."""

    gateway: str
    wanted: ExportColumns
    currency: str
    columns: Sequence[str] = ()
    found: ExportColumns = ExportColumns()

    def read(self, lines: Iterable[bytes]) -> Iterator[SaleLine | LineProblem]:
        """Yield each line after the header, as `read_rows` does. Raises `InvalidFile`."""
        return read_rows(lines, self._read_header, self._read_sale)

    def _read_header(self, columns: Sequence[str]) -> None:
        self.columns = columns
        if missing := [name for name in self.wanted.named if name not in columns]:
            raise InvalidFile(f"the file has no column {missing[0][:60]!r}")
        self.found = self.wanted.recognised_in(columns)
        for name in self.found.named:
            if columns.count(name) > 1:
                raise InvalidFile(f"the file has several columns {name[:60]!r}")

    def _read_sale(self, line: int, cells: Mapping[str, str]) -> SaleLine:
        found = self.found
        if found.id is None:
            raise FaultyLine("", "no column with the transaction's id is recognised; name it")
        sale_id = cells.get(found.id, "").strip()
        if not sale_id or len(sale_id) > _MAX_ID or "\x00" in sale_id:
            raise FaultyLine(found.id, "the id is missing or too long")
        currency = (cells.get(found.currency or "", "").strip() or self.currency).upper()
        if not re.fullmatch("[A-Z]{3}", currency):
            raise FaultyLine(found.currency or "", "is not the code of a currency")
        amount = cells.get(found.amount or "", "").strip()
        prefix = f"{self.gateway}:"
        return SaleLine(
            line,
            sale_id if sale_id.startswith(prefix) else prefix + sale_id,
            _minor(amount, currency, found.amount or "") if amount else None,
            currency,
            STATES.get(cells.get(found.state or "", "").strip().lower()),
        )


def lower(columns: ExportColumns) -> ExportColumns:
    """Return the columns as `read_rows` names them."""
    return ExportColumns(*(name and name.strip().lower() for name in astuple(columns)))


def _first(names: Sequence[str], columns: Sequence[str]) -> str | None:
    return next((name for name in names if name in columns), None)


def _minor(text: str, currency: str, column: str) -> int:
    """Return minor units of an amount in any notation: `1.234,56`, `1,234.56`, `R$ 47,90`."""
    match = _AMOUNT.search(text.replace("\xa0", " "))
    try:
        return to_minor(_plain(match[0] if match else ""), currency)
    except ValueError:
        raise FaultyLine(column, "is not an amount") from None


def _plain(digits: str) -> str:
    """Return the number with a point as the decimal separator, which is the last one if few digits follow it."""
    position = max(digits.rfind("."), digits.rfind(","))
    if position < 0:
        return digits
    whole, fraction = digits[:position], digits[position + 1 :]
    separators = {each for each in digits if each in ".,"}
    # Three digits after the only kind of separator are thousands: no export has fractions of a cent.
    grouped = len(fraction) == 3 and len(separators) == 1
    whole = whole.replace(".", "").replace(",", "")
    return whole + fraction if grouped else f"{whole}.{fraction}"
