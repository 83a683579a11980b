"""Classes of PostgreSQL's errors: transient ones, and rejected data."""

import asyncio

import asyncpg

from orylo_common.errors import TransientError


class PostgresUnavailable(TransientError):
    """The database was unreachable, or the connection was lost before it confirmed a commit."""


# The connection broke, the server is starting or stopping, or another transaction was in the way.
# Classes 08 connection, 40 rollback, 53 resources, 57P operator intervention, 58 system (PostgreSQL, appendix A).
TRANSIENT_ERRORS = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # The server's FATAL message during a statement: asyncpg reports it as an unexpected state.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.TransactionRollbackError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    # 25006: after a failover an old connection leads to a standby.
    asyncpg.ReadOnlySQLTransactionError,
)

# Class 22: text with a NUL, or a number out of range. A retry cannot store the row either.
INVALID_DATA_ERRORS = (asyncpg.DataError,)


def raise_if_cancelled() -> None:
    """Raise `CancelledError` if the current task is being cancelled. For loops that continue after an error.

    If a connection is lost while its task is cancelled, asyncpg raises its own error in place of the cancellation. A
    loop that treated it as a failure would never end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
