"""PostgreSQL: pool, migrations, group commit, outbox, LISTEN, periodic jobs, partitions, retention."""
