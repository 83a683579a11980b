"""Connections that measure how long each of their statements takes, and trace it."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING, Any

import asyncpg
from prometheus_client import Histogram

from orylo_common.postgres.statements import describe
from orylo_common.telemetry.tracing import tracing

if TYPE_CHECKING:
    from opentelemetry.trace import Span

# `role` is the database role of a pool, and names the service. The time is the client's: with the network, and with the
# event loop's delay when it is busy.
STATEMENT_SECONDS = Histogram(
    "orylo_postgres_statement_seconds",
    "Time to execute a statement, by the role and its kind",
    ["role", "statement"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0),
)

Execute = Callable[..., Awaitable[Any]]


# Cached, because `labels()` costs more than measuring.
@lru_cache(maxsize=4096)
def _seconds(role: str, query: str) -> Histogram:
    return STATEMENT_SECONDS.labels(role, describe(query).kind)


def _measured(execute: Execute) -> Execute:
    async def measure(connection: "MeasuredConnection", query: str, *arguments: Any, **options: Any) -> Any:
        started = perf_counter()
        try:
            if not tracing():
                return await execute(connection, query, *arguments, **options)
            with _span(query):
                return await execute(connection, query, *arguments, **options)
        finally:
            _seconds(connection.role, query).observe(perf_counter() - started)

    return measure


def _span(query: str) -> "AbstractContextManager[Span]":
    """Open a span without the statement's text, which is in the code, and long."""
    # Here, because most commands need a connection and no traces.
    from orylo_common.telemetry.traces import call_span

    statement = describe(query)
    operation, table = statement.operation, statement.table
    summary = f"{operation} {table}" if table else operation
    attributes = {
        "db.system.name": "postgresql",
        "db.operation.name": operation,
        "db.collection.name": table,
        "db.query.summary": summary,
    }
    return call_span(summary, **attributes)


class MeasuredConnection(asyncpg.Connection):
    """Measures its statements, BEGIN and COMMIT included. Cursors are not measured."""

    def __init__(self, protocol: Any, transport: Any, loop: Any, addr: Any, config: Any, params: Any) -> None:
        super().__init__(protocol, transport, loop, addr, config, params)
        self.role: str = params.server_settings["role"]


for method in ("execute", "executemany", "fetch", "fetchrow", "fetchval"):
    setattr(MeasuredConnection, method, _measured(getattr(asyncpg.Connection, method)))
