"""The protocol of tests/load/handbook.py, on made-up payments."""

import pickle
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy
import pytest

from tests.load.handbook import INSPECTED, Scored, card_precision, measured_payments, read_days
from tests.unit.detector.backtest.cases import labelled

WEEK = date(2018, 8, 8)


def scored(day: date, customer: str, *, risk: int = 0, is_fraud: bool = False) -> Scored:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return Scored(labelled(customer_id=customer, is_fraud=is_fraud)._replace(occurred_at=at), risk)


@pytest.mark.parametrize(
    ("defrauded", "tested"),
    [
        # Before the seven days of training: forgotten, as in the handbook.
        (WEEK - timedelta(days=15), 7),
        (WEEK - timedelta(days=14), 0),
        (WEEK - timedelta(days=8), 0),
        # In the delay: known from the day on that is seven whole days later.
        (WEEK - timedelta(days=7), 1),
        (WEEK - timedelta(days=5), 3),
        (WEEK - timedelta(days=1), 7),
    ],
)
def test_customers_known_as_defrauded_are_left_out(defrauded: date, tested: int) -> None:
    payments = [scored(WEEK + timedelta(days=day), "ana") for day in range(7)]
    payments += [scored(defrauded, "ana", is_fraud=True), scored(WEEK + timedelta(days=7), "ana")]
    assert len(measured_payments(payments, WEEK)) == tested


def test_card_precision_leaves_out_customers_found_on_an_earlier_day() -> None:
    days = [WEEK, WEEK + timedelta(days=1)]
    payments = [scored(day, "ana", risk=90, is_fraud=True) for day in days]
    payments += [scored(day, f"c{number}", risk=number % 50) for day in days for number in range(2 * INSPECTED)]
    assert card_precision(payments) == pytest.approx(0.01 / 2)


def test_a_customer_outside_the_hundred_of_one_day_counts_on_the_next() -> None:
    next_day = WEEK + timedelta(days=1)
    payments = [scored(WEEK, "ana", risk=0, is_fraud=True), scored(next_day, "ana", risk=90, is_fraud=True)]
    payments += [scored(day, f"c{number}", risk=50) for day in (WEEK, next_day) for number in range(INSPECTED)]
    assert card_precision(payments) == pytest.approx(0.01 / 2)


def test_among_equal_risks_higher_amounts_are_inspected_first() -> None:
    tried = [scored(WEEK, f"c{number}", risk=50) for number in range(10 * INSPECTED)]
    frauds = [scored(WEEK, f"fraud{number}", risk=50, is_fraud=True) for number in range(INSPECTED)]
    tried += [replace(each, payment=each.payment._replace(amount_minor=20_000)) for each in frauds]
    assert card_precision(tried) == 1.0
    assert 0 < card_precision(tried, by_amount=False) < 0.3


class _Reduced:
    """Pickled as a call of a function with a state, as pandas pickles its parts."""

    def __init__(self, callable_: Any, arguments: tuple[Any, ...], state: Any = None) -> None:
        self._reduced = (callable_, arguments, state)

    def __reduce__(self) -> tuple[Any, ...]:
        return self._reduced


@pytest.fixture
def pandas_modules(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Put stand-ins for the classes of pandas where a pickle names them."""
    made: dict[str, Any] = {}
    for path in ("pandas.core.frame.DataFrame", "pandas.core.internals.managers.BlockManager"):
        module, name = path.rpartition(".")[::2]
        parent = ""
        for part in module.split("."):
            parent = f"{parent}.{part}" if parent else part
            monkeypatch.setitem(sys.modules, parent, ModuleType(parent))
        made[name] = type(name, (), {"__module__": module})
        setattr(sys.modules[module], name, made[name])
    return made


def write_day(file: Path, classes: dict[str, Any], rows: list[tuple[Any, ...]]) -> None:
    names = ["TRANSACTION_ID", "TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT", "TX_FRAUD"]
    columns = list(zip(*rows, strict=True))
    blocks = [
        {"values": numpy.array([columns[1]], dtype="datetime64[ns]"), "mgr_locs": slice(1, 2, 1)},
        {"values": numpy.array([columns[4]]), "mgr_locs": slice(4, 5, 1)},
        {"values": numpy.array([columns[0], columns[5]]), "mgr_locs": numpy.array([0, 5])},
        {"values": numpy.array([columns[2], columns[3]], dtype=object), "mgr_locs": slice(2, 4, 1)},
    ]
    state: tuple[Any, ...] = ([], [], [], {"0.14.1": {"axes": [numpy.array(names, dtype=object)], "blocks": blocks}})
    manager = _Reduced(classes["BlockManager"], (), state)
    frame = _Reduced(classes["DataFrame"], (), {"_data": manager})
    file.write_bytes(pickle.dumps(frame, protocol=4))


def test_day_files_are_read_without_pandas(tmp_path: Path, pandas_modules: dict[str, Any]) -> None:
    rows = [(7, "2018-04-01T10:00:00", 596, 3156, 57.16, 0), (8, "2018-04-01T09:00:00", 4961, 3412, 81.51, 1)]
    write_day(tmp_path / "2018-04-01.pkl", pandas_modules, rows)
    write_day(tmp_path / "2018-09-05.pkl", pandas_modules, rows)
    first, second = read_days(tmp_path, date(2018, 9, 5))
    assert (first.payment_id, first.customer_id, first.terminal_id) == ("8", "4961", "3412")
    assert (first.amount_minor, first.is_fraud) == (8_151, True)
    assert second.occurred_at == datetime(2018, 4, 1, 10, tzinfo=UTC)


def test_a_pickle_that_names_other_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "2018-04-01.pkl").write_bytes(pickle.dumps(_Reduced(print, ("run",))))
    with pytest.raises(pickle.UnpicklingError, match="print is not part of a frame"):
        list(read_days(tmp_path, date(2018, 9, 5)))


def test_an_empty_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="has no files such as"):
        list(read_days(tmp_path, date(2018, 9, 5)))
