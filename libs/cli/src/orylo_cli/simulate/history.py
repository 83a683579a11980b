"""A labelled history of a simulated shop, as a file for `orylo backtest`."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from random import Random

from orylo_cli.simulate.history_frauds import EPISODES
from orylo_cli.simulate.history_row import COLUMNS, HistoryRow
from orylo_cli.simulate.history_shop import HistoryShop

START = datetime(2025, 1, 1, tzinfo=UTC)
YEAR_DAYS = 365


def simulated_history(seed: int, *, days: int = YEAR_DAYS, with_fraud: bool = True) -> list[HistoryRow]:
    """Return the attempts to pay in order of their times. The same arguments give the same ones."""
    shop = HistoryShop(seed, START)
    planned = _plan(seed, days) if with_fraud else [[] for _ in range(days)]
    rows = list(chain.from_iterable(_day(shop, day, episodes) for day, episodes in enumerate(planned)))
    end = START.timestamp() + days * 86_400
    return sorted((row for row in rows if row.occurred_at.timestamp() < end), key=lambda row: row.occurred_at)


def write_history(file: Path, rows: list[HistoryRow]) -> None:
    """Write a CSV file. Raises `OSError`."""
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(COLUMNS)
        writer.writerows(row.values() for row in rows)


def _day(shop: HistoryShop, day: int, episodes: list[int]) -> Iterator[HistoryRow]:
    yield from shop.honest(day)
    for index in episodes:
        episode, _ = EPISODES[index]
        yield from episode(shop, shop.moment(day))


def _plan(seed: int, days: int) -> list[list[int]]:
    """Return the kinds of fraud that begin on each day, as indices of `EPISODES`."""
    random = Random(f"{seed}:episodes")  # noqa: S311 - repeatable, not secret
    planned: list[list[int]] = [[] for _ in range(days)]
    for index, (_, a_year) in enumerate(EPISODES):
        for _ in range(round(a_year * days / YEAR_DAYS)):
            planned[random.randrange(days)].append(index)
    return planned
