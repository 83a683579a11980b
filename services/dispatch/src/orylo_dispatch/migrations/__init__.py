"""The schema `dispatch`."""

from orylo_common.postgres.migrations import MigrationSet

MIGRATIONS = MigrationSet(schema="dispatch", package="orylo_dispatch.migrations")
