"""Look at a CSV file before it is replayed: its columns, its payments, and the lines that cannot be used."""

from collections.abc import Mapping
from dataclasses import asdict
from difflib import get_close_matches
from io import BytesIO
from typing import Any

from orylo_detector.backtest.labelled_payment import REQUIRED_COLUMNS
from orylo_detector.backtest.reading import (
    COLUMNS,
    LabelledFile,
    RowProblem,
    UnreadableFile,
    read_header,
    read_labelled_csv,
    used_as,
)

NAME = "the file"


def check(content: bytes, columns: Mapping[str, str]) -> dict[str, Any]:
    """Return what the file has, without values of its rows. Raises `UnreadableFile` if it is not CSV."""
    if unknown := sorted(columns.keys() - set(COLUMNS)):
        raise UnreadableFile(f"columns: there is no column {unknown[0]}; there are {', '.join(COLUMNS)}")
    header = read_header(BytesIO(content))
    names = used_as(header, columns)
    missing = [name for name in REQUIRED_COLUMNS if name not in names]
    file, problems, invalid = LabelledFile([]), list[RowProblem](), 0
    if not missing:
        try:
            file = read_labelled_csv(BytesIO(content), len(content), NAME, columns=columns)
        except UnreadableFile as unreadable:
            if not unreadable.rows:
                raise
            problems, invalid = list(unreadable.rows), unreadable.invalid
    payments = file.payments
    return {
        "columns": [
            {"name": theirs, "used_as": ours or None, "looks_like": None if ours else _near(theirs, names)}
            for theirs, ours in zip(header, names, strict=True)
        ],
        "missing": missing,
        "payments": len(payments),
        "frauds": sum(each.is_fraud for each in payments),
        "first_at": payments[0].occurred_at.isoformat() if payments else None,
        "last_at": payments[-1].occurred_at.isoformat() if payments else None,
        "invalid": invalid,
        "problems": [asdict(each) for each in problems],
    }


def _near(theirs: str, names: list[str]) -> str | None:
    """Return the column that a name most likely stands for, of those that the file lacks."""
    near = get_close_matches(theirs, [name for name in COLUMNS if name not in names], n=1)
    return near[0] if near else None
