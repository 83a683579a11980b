from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import arro3.core
import numpy
import pytest
from arro3.io import write_parquet

from orylo_detector.backtest.labelled_payment import LabelledPayment
from orylo_detector.backtest.reading import LISTED, UnreadableFile, read_labelled
from orylo_detector.backtest.rows import BadValue, labelled_payment
from tests.unit.detector.backtest.cases import HEADER

ROW = "2026-05-10T12:00:00Z,p1,ana,149.90,BRL,0"
VALUES = dict(zip(HEADER.split(","), ROW.split(","), strict=True))


def write(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    file = folder / "payments.csv"
    file.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return file


def problems(file: Path) -> list[str]:
    with pytest.raises(UnreadableFile) as raised:
        read_labelled(file)
    return [line.removeprefix(f"{file}") for line in str(raised.value).splitlines()]


def test_a_csv_file_is_read_in_order_of_the_payments_times(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        f"{HEADER},product_id,terminal_id,ip,card_fingerprint,card_country,ip_country,email_domain,status,disputed_at,x",
        f"{ROW},course,t1,203.0.113.7,fp,br,PT,Example.COM,Failed,2026-05-20,kept",
        "2026-05-09T09:00:00-03:00,p0,,10,jpy,TRUE,,,,,,,,,,",
    )
    read = read_labelled(file)
    assert read.ignored == ["x"]
    assert read.payments == [
        LabelledPayment(datetime(2026, 5, 9, 12, tzinfo=UTC), "p0", None, 10, "JPY", True),
        LabelledPayment(
            datetime(2026, 5, 10, 12, tzinfo=UTC),
            "p1",
            "ana",
            14_990,
            "BRL",
            False,
            product_id="course",
            terminal_id="t1",
            ip="203.0.113.7",
            card_fingerprint="fp",
            card_country="BR",
            ip_country="PT",
            email_domain="example.com",
            status="failed",
            disputed_at=datetime(2026, 5, 20, tzinfo=UTC),
        ),
    ]


def test_semicolons_a_byte_order_mark_and_a_header_in_capitals_are_accepted(tmp_path: Path) -> None:
    file = write(tmp_path, HEADER.upper().replace(",", ";"), ROW.replace(",", ";"), encoding="utf-8-sig")
    assert [payment.payment_id for payment in read_labelled(file).payments] == ["p1"]


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("occurred_at", "10/05/2026", "occurred_at '10/05/2026': write a time such as 2026-05-10T14:30:00Z"),
        ("occurred_at", "", "occurred_at is empty"),
        ("occurred_at", "0001-01-01T00:00:00+05:00", "the year must be between 1971 and 2199"),
        ("payment_id", "", "payment_id is empty"),
        ("payment_id", "x" * 201, "write at most 200 characters"),
        ("amount", "149,90", "amount '149,90': write an amount of the currency's main unit, such as 149.90"),
        ("amount", "-1", "amount '-1': write an amount"),
        ("amount", "NaN", "write an amount"),
        ("amount", "1e300", "write an amount"),
        ("amount", -1.5, "an amount cannot be negative"),
        ("amount", float("nan"), "not an amount"),
        ("amount", "9" * 30, "not an amount"),
        ("currency", "real", "currency 'real': write an ISO 4217 code, such as BRL"),
        ("is_fraud", "maybe", "is_fraud 'maybe': write true or false, 1 or 0"),
        ("is_fraud", "", "is_fraud is empty"),
        ("ip", "300.1.1.1", "ip '300.1.1.1': write an IP address"),
        ("card_country", "BRA", "card_country 'BRA': write an ISO 3166-1 alpha-2 code, such as BR"),
        ("ip_country", "1", "ip_country '1': write an ISO 3166-1"),
        ("status", "paid", "status 'paid': write one of created, failed, succeeded"),
        ("disputed_at", "soon", "disputed_at 'soon': write a time"),
    ],
)
def test_a_bad_value_is_reported_with_its_column(column: str, value: Any, says: str) -> None:
    with pytest.raises(BadValue) as raised:
        labelled_payment({**VALUES, column: value})
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("column", "value", "field", "read"),
    [
        ("occurred_at", datetime(2026, 5, 10, 9, tzinfo=timezone(timedelta(hours=-3))), "occurred_at", 12),
        ("occurred_at", datetime(2026, 5, 10, 12), "occurred_at", 12),  # noqa: DTZ001
        ("occurred_at", date(2026, 5, 10), "occurred_at", 0),
        ("amount", 149.9, "amount_minor", 14_990),
        ("amount", Decimal("149.90"), "amount_minor", 14_990),
        ("amount", 149, "amount_minor", 14_900),
        ("is_fraud", True, "is_fraud", True),
        ("is_fraud", 1.0, "is_fraud", True),
        ("customer_id", 596, "customer_id", "596"),
    ],
)
def test_typed_values_of_parquet_are_accepted(column: str, value: Any, field: str, read: Any) -> None:
    found = getattr(labelled_payment({**VALUES, column: value}), field)
    assert (found.hour if isinstance(found, datetime) else found) == read


def test_bad_rows_are_reported_with_their_lines(tmp_path: Path) -> None:
    file = write(
        tmp_path, HEADER, ROW, ROW.replace("149.90", "much"), "", "2026-05-10,p2", ROW, ROW.replace("p1", '"p\n3"')
    )
    found = problems(file)
    assert found[0].startswith(", line 3: amount 'much': write an amount")
    assert found[1:3] == [
        ", line 5: 2 values for 6 columns",
        ", line 6: payment_id 'p1': another row has it and the same status",
    ]


def test_one_payment_may_fail_and_then_succeed(tmp_path: Path) -> None:
    file = write(tmp_path, f"{HEADER},status", f"{ROW},succeeded", f"{ROW},failed", f"{ROW},created")
    assert [payment.status for payment in read_labelled(file).payments] == ["created", "failed", "succeeded"]


def test_only_the_first_bad_rows_are_listed(tmp_path: Path) -> None:
    found = problems(write(tmp_path, HEADER, *["x,y,z,1,BRL,0"] * 50))
    assert len(found) == LISTED + 1
    assert found[-1] == f"{50 - LISTED} more rows cannot be used"


def test_missing_and_repeated_columns_are_named_with_what_looks_like_them(tmp_path: Path) -> None:
    header = HEADER.replace("occurred_at", "occured_at").replace("is_fraud", "amount")
    assert problems(write(tmp_path, header, ROW)) == [
        " has no column occurred_at; occured_at looks like it",
        " has no column is_fraud",
        " has several columns amount",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "has no column occurred_at"),
        (HEADER.encode() + b"\n", "has no payments"),
        (HEADER.encode() + b"\n\xff\xfe", "is not a text in UTF-8"),
        (HEADER.encode() + b'\n"2026', "line 2: unexpected end of data"),
    ],
)
def test_a_file_that_is_not_csv_is_reported(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "payments.csv"
    file.write_bytes(content)
    assert says in "\n".join(problems(file))


@pytest.mark.parametrize("name", ["gone.csv", "gone.parquet"])
def test_a_missing_file_is_reported(tmp_path: Path, name: str) -> None:
    assert problems(tmp_path / name) == [": No such file or directory"]


def write_table(file: Path, **columns: Any) -> Path:
    write_parquet(arro3.core.Table.from_pydict(columns), file)
    return file


def test_a_parquet_file_is_read(tmp_path: Path) -> None:
    moments = numpy.array(["2026-05-10T12:00:00.123456", "2026-05-09T12:00:00"], dtype="datetime64[us]")
    file = write_table(
        tmp_path / "payments.parquet",
        occurred_at=arro3.core.Array.from_numpy(moments),
        payment_id=arro3.core.Array.from_numpy(numpy.array([1, 2])),
        customer_id=arro3.core.Array(["ana", None], arro3.core.DataType.string()),
        amount=arro3.core.Array.from_numpy(numpy.array([149.9, 10.0])),
        currency=arro3.core.Array(["BRL", "BRL"], arro3.core.DataType.string()),
        is_fraud=arro3.core.Array.from_numpy(numpy.array([0, 1])),
    )
    assert read_labelled(file).payments == [
        LabelledPayment(datetime(2026, 5, 9, 12, tzinfo=UTC), "2", None, 1_000, "BRL", True),
        LabelledPayment(datetime(2026, 5, 10, 12, 0, 0, 123_456, tzinfo=UTC), "1", "ana", 14_990, "BRL", False),
    ]


def test_a_bad_row_of_a_parquet_file_is_reported_with_its_number(tmp_path: Path) -> None:
    texts = {name: [value, value] for name, value in VALUES.items()} | {"payment_id": ["1", "2"]}
    texts["amount"] = ["1.00", "-1"]
    columns = {name: arro3.core.Array(values, arro3.core.DataType.string()) for name, values in texts.items()}
    assert problems(write_table(tmp_path / "payments.parquet", **columns))[0].startswith(", row 2: amount '-1'")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", " is not a Parquet file"),
        (b"occurred_at,payment_id\n", " is not a Parquet file"),
        (b"PAR1 rubbish PAR1", " cannot be read as Parquet"),
    ],
)
def test_a_damaged_parquet_file_is_reported(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "payments.parquet"
    file.write_bytes(content)
    assert problems(file)[0].startswith(says)
