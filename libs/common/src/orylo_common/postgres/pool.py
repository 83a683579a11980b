"""Connection pools. Each connection is bound to one role from its start."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy
from prometheus_client import Counter

from orylo_common.postgres.errors import TRANSIENT_ERRORS, PostgresUnavailable
from orylo_common.postgres.measured import MeasuredConnection

# A connection that was opened directly or acquired from a pool.
Connection = asyncpg.Connection | PoolConnectionProxy

# Long enough for a batch on a loaded machine, short enough to detect a lost network.
COMMAND_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 5.0
# For the reply to a cancelled statement.
RELEASE_TIMEOUT_S = 1.0

FAILURES = Counter("orylo_postgres_connection_failures_total", "Connections that PostgreSQL refused or did not answer")


class _Pool(asyncpg.Pool):
    """A pool that closes a connection whose server does not answer a cancellation, rather than wait forever."""

    async def release(self, connection: PoolConnectionProxy, *, timeout: float | None = None) -> None:
        # After a timeout the connection is closed already, and the caller has its own error.
        with suppress(TimeoutError):
            await super().release(connection, timeout=timeout or RELEASE_TIMEOUT_S)


@asynccontextmanager
async def open_pool(dsn: str, *, role: str, max_size: int = 8, plan_once: bool = False) -> AsyncIterator[asyncpg.Pool]:
    """Open a pool whose connections have only the rights of `role` (such as `orylo_ingest`).

    Values of jsonb columns are Python objects. With `plan_once`, a connection plans a statement once, for any values.
    That suits statements that look rows up by key: otherwise PostgreSQL plans those that take arrays at every
    execution, because a plan for a short array looks cheaper than one for any array. Raises `PostgresUnavailable`.
    """
    settings = {"role": role, "application_name": role, "timezone": "UTC", "jit": "off"}
    if plan_once:
        settings["plan_cache_mode"] = "force_generic_plan"
    try:
        pool = await _Pool(
            dsn,
            # Opens one connection at start and keeps none open: asyncpg logs a traceback when it cannot.
            init_size=1,
            min_size=0,
            max_size=max_size,
            max_queries=50_000,
            max_inactive_connection_lifetime=300.0,
            loop=None,
            connection_class=MeasuredConnection,
            record_class=asyncpg.Record,
            command_timeout=COMMAND_TIMEOUT_S,
            timeout=CONNECT_TIMEOUT_S,
            # Set in the startup message, so RESET ROLE returns to it.
            server_settings=settings,
            connect=_connect,
            init=_use_json,
            reset=_skip_reset,
        )
    except TRANSIENT_ERRORS as error:
        raise PostgresUnavailable(f"PostgreSQL does not answer ({type(error).__name__})") from error
    async with pool:
        yield pool


async def _connect(*arguments: Any, **options: Any) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(*arguments, **options)
    except Exception:
        FAILURES.inc()
        raise


async def _skip_reset(connection: asyncpg.Connection) -> None:
    """Save a round trip at every release: queries change transactions only, never session state.

    Code that changes the session (LISTEN) resets the connection before it releases it.
    """


async def _use_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        # The binary form of jsonb is its text behind a version byte.
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda data: orjson.loads(data[1:]),
    )
