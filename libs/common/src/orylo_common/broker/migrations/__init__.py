"""Schema `bus`: the event bus in PostgreSQL."""

from orylo_common.postgres.migrations import MigrationSet

MIGRATIONS = MigrationSet(schema="bus", package="orylo_common.broker.migrations")
