"""Output of the command: tables and sentences for people, JSON for scripts, one line for an error.

Control characters are printed as escapes, because some of the texts come from outside.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

import orjson
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from orylo_common.terminal import visible_json, visible_line, visible_text

UNLIMITED_WIDTH = 1000
NOTE_EVERY_S = 3.0
# Output that goes to a pipe or a file is not wrapped.
out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else UNLIMITED_WIDTH)
err = Console(stderr=True, soft_wrap=True, highlight=False)

FAILED = 1


def print_text(text: str) -> None:
    out.print(visible_text(text), markup=False)


def print_note(text: str) -> None:
    """Print to standard error, so that standard output holds the result alone."""
    err.print(visible_text(text), markup=False)


def noting_progress(what: str) -> Callable[[int, int], None]:
    """Return a function that notes how many of about how many are done, at most once in `NOTE_EVERY_S`."""
    noted = time.monotonic()

    def note(done: int, total: int) -> None:
        nonlocal noted
        if time.monotonic() - noted >= NOTE_EVERY_S:
            noted = time.monotonic()
            print_note(f"{what}: {done:,} of about {total:,}")

    return note


def print_json(value: Any) -> None:
    """Print indented JSON, with UUIDs and times as text."""
    document = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE, default=str)
    sys.stdout.buffer.write(visible_json(document.decode()).encode())
    sys.stdout.buffer.flush()


def print_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str) -> None:
    """Print rows of equal keys as a table or a JSON list; as blocks if the terminal is too narrow for the table."""
    if as_json:
        print_json(rows)
    elif not rows:
        print_note(empty)
    else:
        cells = [{name.replace("_", " "): visible_line(_cell(value)) for name, value in row.items()} for row in rows]
        table = _table(cells)
        if Measurement.get(out, out.options.update(width=UNLIMITED_WIDTH), table).minimum <= out.width:
            out.print(table, soft_wrap=False)
        else:
            print_text("\n\n".join(map(_block, cells)))


def exit_with_error(text: str, code: int = FAILED) -> NoReturn:
    err.print(f"orylo: {visible_text(text)}", markup=False, style="red")
    raise SystemExit(code)


def _table(rows: Sequence[Mapping[str, str]]) -> Table:
    """Wrap only the widest column of prose, because an id that is broken over two lines cannot be copied."""
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
