"""What the command says: tables and sentences for people, JSON for scripts, one line for an error."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

import orjson
from rich.console import Console
from rich.table import Table

# Where no terminal says how wide it is, a table is as wide as it likes.
out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 1000)
err = Console(stderr=True, soft_wrap=True, highlight=False)

FAILED = 1


def say(text: str) -> None:
    out.print(text, markup=False)


def note(text: str) -> None:
    """For people beside a result that a script may read from standard output."""
    err.print(text, markup=False)


def say_json(value: Any) -> None:
    """UUIDs and times as text."""
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE, default=str))
    sys.stdout.buffer.flush()


def show(rows: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str) -> None:
    """Rows of the same keys, as a table or as a JSON list."""
    if as_json:
        say_json(rows)
    elif not rows:
        note(empty)
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in rows[0]:
            table.add_column(name.replace("_", " "), overflow="fold")
        for row in rows:
            table.add_row(*(_cell(value) for value in row.values()))
        out.print(table, soft_wrap=False)


def fail(text: str, code: int = FAILED) -> NoReturn:
    err.print(f"orylo: {text}", markup=False, style="red")
    raise SystemExit(code)


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return " ".join(f"{key}={each}" for key, each in value.items())
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
