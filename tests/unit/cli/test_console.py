import io
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from rich.console import Console

from orylo_cli import console

REASON = "the destination has refused it as too old, and asks for what is younger than seven days"


def shown(monkeypatch: pytest.MonkeyPatch, rows: list[dict[str, Any]]) -> list[str]:
    """On a terminal of 80 columns."""
    terminal = io.StringIO()
    monkeypatch.setattr(console, "out", Console(file=terminal, width=80, soft_wrap=True, highlight=False))
    console.print_rows(rows, as_json=False, empty="nothing")
    return terminal.getvalue().splitlines()


def test_prose_is_wrapped_and_ids_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [uuid4(), uuid4()]
    lines = shown(monkeypatch, [{"id": each, "reason": REASON, "type": "payment.created.v1"} for each in ids])
    for each in ids:
        (line,) = [line for line in lines if str(each) in line]
        assert line.endswith("payment.created.v1")


def test_rows_are_blocks_if_the_terminal_is_too_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = uuid4(), uuid4()
    row = {"tenant": "a-shop-with-a-long-name", "reason": REASON, "at": datetime(2026, 3, 1, tzinfo=UTC)}
    rows = [{"id": each, "type": "payment.created.v1", **row} for each in (one, other)]
    assert shown(monkeypatch, rows)[:6] == [
        f"id      {one}",
        "type    payment.created.v1",
        "tenant  a-shop-with-a-long-name",
        f"reason  {REASON}",
        "at      2026-03-01 00:00:00Z",
        "",
    ]


def test_markup_is_printed_verbatim(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "[card] paid" in shown(monkeypatch, [{"reason": "[card] paid"}])[1]


@pytest.mark.parametrize("width", [80, 20])
def test_texts_of_strangers_control_neither_the_terminal_nor_the_table(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(console, "out", Console(file=terminal, width=width, soft_wrap=True, highlight=False))
    console.print_rows([{"product": "a\x1b[2J\x9b1m", "name": "b\nid  1"}], as_json=False, empty="nothing")
    console.print_text("c\x1b[2J")
    shown = terminal.getvalue()
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert r"b\nid  1" in shown


def test_progress_is_noted_at_intervals(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    now = 100.0
    monkeypatch.setattr("orylo_cli.console.time.monotonic", lambda: now)
    note = console.noting_progress("searching")
    for now, done in ((101.0, 10), (103.5, 2_000), (104.0, 3_000), (107.0, 4_000)):  # noqa: B007
        note(done, 12_000)
    assert capsys.readouterr().err.splitlines() == [
        "searching: 2,000 of about 12,000",
        "searching: 4,000 of about 12,000",
    ]
