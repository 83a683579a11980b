"""Schema `api`."""

from orylo_common.postgres.migrations import MigrationSet

MIGRATIONS = MigrationSet(schema="api", package="orylo_api.migrations")
