"""Connections, each bound to one service's role from its first byte."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

from orylo_common.postgres.errors import TRANSIENT_ERRORS, PostgresUnavailable

# A connection, whether it was opened alone or borrowed from a pool.
Connection = asyncpg.Connection | PoolConnectionProxy

# Long enough for a batch of a loaded machine, short enough that a lost network shows.
COMMAND_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 5.0
# For the answer to a statement's cancellation.
RELEASE_TIMEOUT_S = 1.0


class _Pool(asyncpg.Pool):
    """Closes a connection whose server does not even answer a cancellation, in place of waiting for it without end."""

    async def release(self, connection: PoolConnectionProxy, *, timeout: float | None = None) -> None:
        # On a time-out the connection is closed already, and whoever gives it back has an error of their own.
        with suppress(TimeoutError):
            await super().release(connection, timeout=timeout or RELEASE_TIMEOUT_S)


@asynccontextmanager
async def open_pool(dsn: str, *, role: str, max_size: int = 8) -> AsyncIterator[asyncpg.Pool]:
    """A pool whose connections act as `role` (such as `orylo_ingest`) and no more.

    jsonb columns take and give Python objects. Raises `PostgresUnavailable`.
    """
    try:
        pool = await _Pool(
            dsn,
            # One to begin with, and none that is kept open: the pool would log a traceback whenever it cannot.
            init_size=1,
            min_size=0,
            max_size=max_size,
            max_queries=50_000,
            max_inactive_connection_lifetime=300.0,
            loop=None,
            connection_class=asyncpg.Connection,
            record_class=asyncpg.Record,
            command_timeout=COMMAND_TIMEOUT_S,
            timeout=CONNECT_TIMEOUT_S,
            # `role` is applied at start-up, so that RESET ROLE comes back to it too.
            server_settings={"role": role, "application_name": role, "timezone": "UTC", "jit": "off"},
            init=_use_json,
            reset=_leave_as_it_is,
        )
    except TRANSIENT_ERRORS as error:
        raise PostgresUnavailable(f"PostgreSQL does not answer ({type(error).__name__})") from error
    async with pool:
        yield pool


async def _leave_as_it_is(connection: asyncpg.Connection) -> None:
    """In place of a round trip at every release: nobody here changes a session, only transactions.

    Who does (LISTEN) resets the connection before giving it back.
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
