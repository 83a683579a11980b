"""What the command says: tables and sentences for people, JSON for scripts, one line for an error."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

import orjson
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

WIDEST = 1000
# Where no terminal says how wide it is, a table is as wide as it likes.
out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else WIDEST)
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
    """Rows of the same keys, as a table or as a JSON list; where the terminal is too narrow for a table, as blocks."""
    if as_json:
        say_json(rows)
    elif not rows:
        note(empty)
    else:
        cells = [{name.replace("_", " "): _cell(value) for name, value in row.items()} for row in rows]
        table = _table(cells)
        if Measurement.get(out, out.options.update(width=WIDEST), table).minimum <= out.width:
            out.print(table, soft_wrap=False)
        else:
            say("\n\n".join(map(_block, cells)))


def fail(text: str, code: int = FAILED) -> NoReturn:
    err.print(f"orylo: {text}", markup=False, style="red")
    raise SystemExit(code)


def _table(rows: Sequence[Mapping[str, str]]) -> Table:
    """The widest text gives way to the other columns: an id that is not whole cannot be copied."""
    widths = {name: max(map(cell_len, (name, *(row[name] for row in rows)))) for name in rows[0]}
    texts = [name for name in widths if any(" " in row[name] for row in rows)]
    wrapped = max(texts, key=widths.__getitem__, default=None)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, width in widths.items():
        whole = name != wrapped
        table.add_column(name, overflow="fold", no_wrap=whole, min_width=width if whole else None)
    for row in rows:
        table.add_row(*map(Text, row.values()))
    return table


def _block(row: Mapping[str, str]) -> str:
    width = max(map(len, row))
    return "\n".join(f"{name:<{width}}  {text}".rstrip() for name, text in row.items())


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
