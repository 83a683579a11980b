"""Schema `control`."""

from orylo_common.postgres.migrations import MigrationSet

MIGRATIONS = MigrationSet(schema="control", package="orylo_common.control.migrations")
