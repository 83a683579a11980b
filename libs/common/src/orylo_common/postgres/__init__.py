"""PostgreSQL: pool, migrations, group commit, outbox, periodic work, partitions."""
