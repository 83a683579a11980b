"""Exports of gateways' panels: columns, amounts and states, and their differences from payments."""

from io import BytesIO

import pytest

from orylo_api.payments.models import PaymentState
from orylo_api.reconciliations.comparison import differences_of
from orylo_api.reconciliations.export_file import ExportColumns, ExportFile, SaleLine, lower
from orylo_common.csv_rows import InvalidFile, LineProblem


def read(text: str, gateway: str = "hotmart", **named: str) -> list[SaleLine | LineProblem]:
    file = ExportFile(gateway, lower(ExportColumns(**named)), "BRL")
    return list(file.read(BytesIO(text.encode())))


@pytest.mark.parametrize(
    ("gateway", "header", "row"),
    [
        ("hotmart", "Transaction;Name;Email;Price;Currency;Status", "HP1;Ana;a@x.example;497,90;BRL;Approved"),
        ("hotmart", "Código da transação;Preço;Moeda;Situação", "HP1;R$ 497,90;BRL;Aprovado"),
        ("kiwify", "order_id,valor,status", 'HP1,"497.90",paid'),
        ("perfectpay", "code\tsale_status\tsale amount", "HP1\tapproved\t497.90"),
    ],
)
def test_usual_columns_are_recognised(gateway: str, header: str, row: str) -> None:
    (sale,) = read(f"{header}\n{row}\n", gateway)
    assert sale == SaleLine(2, f"{gateway}:HP1", 49790, "BRL", PaymentState.SUCCEEDED)


@pytest.mark.parametrize(
    ("amount", "minor"),
    [
        ("497.9", 49790), ("497,90", 49790), ("1.234,56", 123456), ("1,234.56", 123456), ("R$ 1.234", 123400),
        ("1.234.567,8", 123456780), ("12", 1200), ("BRL 0,99", 99), ("1.234.567", 123456700), ("-5,00", -500),
    ],
)  # fmt: skip
def test_amounts_in_any_notation_are_read(amount: str, minor: int) -> None:
    (sale,) = read(f'transaction,price\nHP1,"{amount}"\n')
    assert isinstance(sale, SaleLine)
    assert sale.amount_minor == minor


def test_columns_can_be_named_and_a_line_that_cannot_be_read_is_reported_without_its_value() -> None:
    text = "ref,paid\nHP1,12.00\n,5\nHP3,free\n"
    sales = read(text, id="Ref", amount="PAID")
    assert [each.line for each in sales] == [2, 3, 4]
    assert isinstance(sales[0], SaleLine)
    assert sales[1:] == [
        LineProblem(3, "ref", "the id is missing or too long"),
        LineProblem(4, "paid", "is not an amount"),
    ]
    with pytest.raises(InvalidFile, match="no column 'code'"):
        read(text, id="code")
    with pytest.raises(InvalidFile, match="several columns"):
        read("id,id\n1,1\n")
    assert all(isinstance(each, LineProblem) for each in read("a,b\n1,2\n"))


@pytest.mark.parametrize(
    ("known", "kinds"),
    [
        (None, ["missing"]),
        ({"amount_minor": 49790, "currency": "BRL", "state": "succeeded"}, []),
        ({"amount_minor": 49790, "currency": "BRL", "state": "dispute_won"}, []),
        ({"amount_minor": 49790, "currency": "USD", "state": "succeeded"}, ["amount"]),
        ({"amount_minor": 1, "currency": "BRL", "state": "refunded"}, ["amount", "state"]),
    ],
)
def test_a_line_differs_in_its_amount_or_state(known: dict[str, object] | None, kinds: list[str]) -> None:
    sale = SaleLine(2, "hotmart:HP1", 49790, "BRL", PaymentState.SUCCEEDED)
    assert [each.kind.value for each in differences_of(sale, known)] == kinds
    bare = SaleLine(2, "hotmart:HP1", None, "BRL", None)
    assert [each.kind.value for each in differences_of(bare, known)] == kinds[:1] * (known is None)
