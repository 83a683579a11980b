"""Connections of the bus: their role and settings."""

import asyncpg

from orylo_common.postgres.measured import MeasuredConnection

ROLE = "orylo_bus"
# First half of the advisory lock keys. The second half is the subscription's number.
LOCK_CLASS = 0x6F72796C

SETTINGS = {
    "role": ROLE,
    "application_name": ROLE,
    "timezone": "UTC",
    "jit": "off",
    # A server crash can lose a lease or an acknowledgement: the message is then redelivered.
    "synchronous_commit": "off",
    # A queue's statistics are always out of date. Its statements have one good plan: a scan of the index in whose order
    # they read.
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_sort": "off",
    # A host that vanishes without closing its connection keeps its leases for 30 s, not for two hours.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
}


async def connect(dsn: str) -> asyncpg.Connection:
    """Open a connection outside the pool. Raises an error of `TRANSIENT_ERRORS` if PostgreSQL does not answer."""
    return await asyncpg.connect(
        dsn, timeout=5, command_timeout=30, server_settings=SETTINGS, connection_class=MeasuredConnection
    )
