"""Schema `ingest`."""

from orylo_common.postgres.migrations import MigrationSet

MIGRATIONS = MigrationSet(schema="ingest", package="orylo_ingest.migrations")
