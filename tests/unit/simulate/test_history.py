import csv
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orylo_cli.main import cli
from orylo_cli.simulate.history import START, simulated_history, write_history
from orylo_cli.simulate.history_frauds import EPISODES
from orylo_cli.simulate.history_row import COLUMNS, HistoryRow
from orylo_detector.backtest.reading import read_labelled

DAYS = 60
SCENARIOS = {episode.__name__ for episode, _ in EPISODES}


@pytest.fixture(scope="module")
def rows() -> list[HistoryRow]:
    return simulated_history(3, days=DAYS)


def test_the_same_seed_gives_the_same_history(rows: list[HistoryRow]) -> None:
    assert simulated_history(3, days=DAYS) == rows
    assert simulated_history(4, days=DAYS) != rows


def test_a_history_has_its_days_in_order_and_every_payment_once(rows: list[HistoryRow]) -> None:
    times = [row.occurred_at for row in rows]
    assert times == sorted(times)
    assert {(moment - START) // timedelta(days=1) for moment in times} == set(range(DAYS))
    assert len({row.payment_id for row in rows}) == len(rows)


def test_every_kind_of_fraud_occurs_and_is_a_small_part() -> None:
    scenarios = Counter(row.scenario for row in simulated_history(1, days=180))
    assert set(scenarios) == SCENARIOS | {""}
    assert scenarios[""] > 0.95 * scenarios.total()


def test_paid_frauds_are_disputed_later_and_declined_ones_never(rows: list[HistoryRow]) -> None:
    frauds = [row for row in rows if row.scenario]
    assert all((row.disputed_at is not None) is (row.status == "succeeded") for row in frauds)
    assert all(row.disputed_at > row.occurred_at for row in frauds if row.disputed_at)


def test_a_year_without_fraud_has_none() -> None:
    assert not any(row.scenario for row in simulated_history(1, days=DAYS, with_fraud=False))


def test_a_backtest_reads_the_file(tmp_path: Path, rows: list[HistoryRow]) -> None:
    file = tmp_path / "year.csv"
    write_history(file, rows)
    read = read_labelled(file)
    assert read.ignored == ["scenario"]
    assert len(read.payments) == len(rows)
    assert Counter(payment.is_fraud for payment in read.payments)[True] == sum(bool(row.scenario) for row in rows)


def test_the_command_writes_a_year(tmp_path: Path) -> None:
    file = tmp_path / "year.csv"
    result = CliRunner().invoke(cli, ["simulate", "--history", str(file), "--seed", "2"])
    assert result.exit_code == 0, result.output
    with file.open(newline="") as lines:
        header, *values = csv.reader(lines)
    assert tuple(header) == COLUMNS
    assert len(values) > 50_000


def test_misuses_are_reported(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["simulate", "--without-fraud"], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert "--without-fraud needs --history" in result.output
    result = CliRunner().invoke(cli, ["simulate", "--history", str(tmp_path / "gone" / "x.csv")])
    assert result.exit_code == 1
    assert "cannot be written: No such file or directory" in result.output
