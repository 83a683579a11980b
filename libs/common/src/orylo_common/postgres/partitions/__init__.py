"""Monthly partitions: made ahead, dropped when a class of facts has been kept long enough.

The work is done by SQL functions of the schema `partitions`, which run with their owner's rights,
so that a service's role may ask for a partition and own no table.
"""

from orylo_common.postgres.migrations import MigrationSet

MIGRATIONS = MigrationSet(schema="partitions", package="orylo_common.postgres.partitions")

# Makes this month's and the next two, and drops what is past its keep time, for every registered table.
MAINTAIN = "SELECT partitions.maintain()"
