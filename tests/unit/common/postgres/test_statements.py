"""Kinds of SQL statements."""

import pytest

from orylo_common.postgres.statements import describe


@pytest.mark.parametrize(
    ("query", "kind", "table"),
    [
        ("SELECT 1", "select", None),
        ("\n    select a FROM api.payments_view WHERE b = $1 FOR UPDATE", "select", "api.payments_view"),
        ("SELECT outbox FROM control.outboxes()", "select", None),
        ("SELECT 'delete from api.jobs', x FROM api.views", "select", "api.views"),
        ("-- DELETE FROM api.jobs\nINSERT INTO api.notes (id) VALUES ($1)", "insert", "api.notes"),
        ("INSERT INTO api.notes AS n SELECT $1 ON CONFLICT DO UPDATE SET a = 1", "insert", "api.notes"),
        ("UPDATE control.rules SET mode = $1", "update", "control.rules"),
        ("DELETE FROM trust.outbox WHERE message_id = $1", "delete", "trust.outbox"),
        ("WITH a AS (SELECT 1), b AS (SELECT (2)) UPDATE api.jobs SET x = 1", "update", "api.jobs"),
        ("WITH a AS ( DELETE FROM bus.messages RETURNING no) SELECT count(*) FROM a", "delete", "bus.messages"),
        ("WITH a AS MATERIALIZED (SELECT 1) SELECT * FROM a", "select", None),
        ("COMMIT;", "commit", None),
        ("BEGIN ISOLATION LEVEL REPEATABLE READ;", "other", None),
        ("LISTEN orylo_control", "other", None),
        ("", "other", None),
    ],
)
def test_the_kind_and_the_table_of_a_statement(query: str, kind: str, table: str | None) -> None:
    assert (describe(query).kind, describe(query).table) == (kind, table)


def test_an_operation_that_is_not_measured_apart_keeps_its_name() -> None:
    assert describe("begin isolation level repeatable read;").operation == "BEGIN"
