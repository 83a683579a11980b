"""A row spelt once: the fields of its dataclass are the columns, in order, and give their types."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import date, datetime
from operator import attrgetter, itemgetter
from types import NoneType, UnionType
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from asyncpg import Record

from orylo_common.postgres.pool import Connection

# `bool` before `int`, which it is a subclass of. PostgreSQL narrows a bigint to the column's type as it is assigned.
POSTGRES_TYPES = {
    UUID: "uuid",
    str: "text",
    bool: "boolean",
    int: "bigint",
    float: "float8",
    datetime: "timestamptz",
    date: "date",
    bytes: "bytea",
    dict: "jsonb",
}

Row = TypeVar("Row")


class Table(Generic[Row]):
    """A table and the dataclass of its rows, whose first `key_length` fields are the key.

    The attributes are parts of statements that take a batch of rows: `columns`; `unnest`, the rows that were given,
    under the name `given`; and `insert`, all of an INSERT but its ON CONFLICT, in which a row of the table is `stored`.
    Everything is computed once, when the module that declares the table is imported.
    """

    def __init__(self, name: str, row_type: type[Row], *, key_length: int = 2) -> None:
        hints = get_type_hints(row_type)
        self.names = tuple(field.name for field in fields(row_type))  # type: ignore[arg-type]
        arrays = (f"${number}::{_postgres_type(hints[field])}[]" for number, field in enumerate(self.names, start=1))
        self.columns = ", ".join(self.names)
        self.unnest = f"unnest({', '.join(arrays)}) AS given ({self.columns})"
        self.insert = f"INSERT INTO {name} AS stored ({self.columns}) SELECT * FROM {self.unnest}"  # noqa: S608
        self._values: Callable[[Row], tuple[Any, ...]] = attrgetter(*self.names)
        self._key = itemgetter(*range(key_length))

    async def insert_new(self, connection: Connection, rows: Iterable[Row]) -> None:
        """Insert the rows whose key is not in the table yet."""
        await self.execute(connection, f"{self.insert} ON CONFLICT DO NOTHING", rows)

    async def execute(self, connection: Connection, statement: str, rows: Iterable[Row]) -> None:
        """Execute a statement on the rows, sorted by key so that concurrent transactions lock in one order.

        Without rows nothing is executed.
        """
        if arrays := self._arrays(rows):
            await connection.execute(statement, *arrays)

    async def fetch(self, connection: Connection, statement: str, rows: Iterable[Row]) -> Sequence[Record]:
        """Execute a statement as `execute` does. Return what it returns."""
        arrays = self._arrays(rows)
        return await connection.fetch(statement, *arrays) if arrays else []

    def _arrays(self, rows: Iterable[Row]) -> list[tuple[Any, ...]]:
        return list(zip(*sorted(map(self._values, rows), key=self._key), strict=True))

    def reader(self, names: Iterable[str]) -> Callable[[Row], dict[str, Any]]:
        """Return a function that reads those of `names` that are columns from a row."""
        known = set(self.names)
        chosen = tuple(name for name in names if name in known)
        values = attrgetter(*chosen)
        return lambda row: dict(zip(chosen, values(row), strict=True))


def _postgres_type(hint: Any) -> str:
    if hint is Any:
        return "jsonb"
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (choice for choice in get_args(hint) if choice is not NoneType)
    if get_origin(hint) is Literal:
        hint = type(get_args(hint)[0])
    python_type = get_origin(hint) or hint
    return next(name for known, name in POSTGRES_TYPES.items() if issubclass(python_type, known))
