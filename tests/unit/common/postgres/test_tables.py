from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from orylo_common.postgres.tables import Table


class State(StrEnum):
    OPEN = "open"


@dataclass(slots=True)
class Thing:
    tenant_id: UUID
    number: int
    name: str | None
    state: State
    kind: Literal["a", "b"]
    share: float
    is_big: bool
    at: datetime
    body: bytes
    details: dict[str, Any]
    payload: Any


THINGS = Table("api.things", Thing)
AT = datetime(2026, 3, 14, 12, tzinfo=UTC)


def thing(number: int, tenant: int = 1) -> Thing:
    return Thing(UUID(int=tenant), number, None, State.OPEN, "a", 0.5, True, AT, b"x", {"a": 1}, [])


class RecordingConnection:
    def __init__(self) -> None:
        self.executed: list[tuple[Any, ...]] = []

    async def execute(self, *statement: Any) -> None:
        self.executed.append(statement)


def test_the_fields_give_the_columns_their_types_and_their_order() -> None:
    columns = "tenant_id, number, name, state, kind, share, is_big, at, body, details, payload"
    assert THINGS.columns == columns
    assert THINGS.unnest == (
        "unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::boolean[], "
        f"$8::timestamptz[], $9::bytea[], $10::jsonb[], $11::jsonb[]) AS given ({columns})"
    )
    assert THINGS.insert == f"INSERT INTO api.things AS stored ({columns}) SELECT * FROM {THINGS.unnest}"


async def test_rows_are_sorted_by_key_and_passed_by_column() -> None:
    connection: Any = RecordingConnection()

    await THINGS.execute(connection, "UPDATE", [thing(3), thing(1, tenant=2), thing(2)])

    ((statement, *columns),) = connection.executed
    assert statement == "UPDATE"
    assert columns[0] == (UUID(int=1), UUID(int=1), UUID(int=2))
    assert columns[1] == (2, 3, 1)


async def test_nothing_is_executed_without_rows() -> None:
    connection: Any = RecordingConnection()
    await THINGS.insert_new(connection, [])
    assert connection.executed == []


def test_a_reader_takes_the_columns_that_have_one_of_its_names() -> None:
    assert THINGS.reader(["id", "number", "payload"])(thing(7)) == {"number": 7, "payload": []}
