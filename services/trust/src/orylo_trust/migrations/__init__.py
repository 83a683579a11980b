"""Schema `trust`."""

from orylo_common.postgres.migrations import MigrationSet

MIGRATIONS = MigrationSet(schema="trust", package="orylo_trust.migrations")
