"""PostgreSQL's failures, sorted by what can be done about them."""

import asyncio

import asyncpg

from orylo_common.errors import TransientError


class PostgresUnavailable(TransientError):
    """The database could not be reached, or went away before it had committed."""


# Where the connection broke, the server is stopping or starting, or another transaction was in the way.
# Class 08 connection, 40 rollback, 53 resources, 57P operator intervention, 58 system (PostgreSQL, appendix A).
TRANSIENT_ERRORS = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # A statement that met the server's FATAL on its way: asyncpg calls that a state it did not expect.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.TransactionRollbackError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    # 25006: after a fail-over the connection is to a standby until it is made anew.
    asyncpg.ReadOnlySQLTransactionError,
)


def raise_if_cancelled() -> None:
    """For a loop that goes on after such an error.

    When a connection is lost while a task is cancelled, asyncpg raises an error of its own in place of the
    cancellation: a loop that took it for a failure would never end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
