"""Schema `detector`."""

from orylo_common.postgres.migrations import MigrationSet

MIGRATIONS = MigrationSet(schema="detector", package="orylo_detector.migrations")
