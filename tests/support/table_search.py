"""Search all tables of a database for a text."""

import asyncpg

TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    ORDER BY 1
"""
COUNT = "SELECT count(*) FROM {table} t WHERE strpos(t::text, $1) > 0 OR strpos(t::text, $2) > 0"


async def tables_with(pool: asyncpg.Pool, sought: str) -> list[str]:
    """Return the names of the tables, in all schemas, with the text in any column, also as bytes."""
    return [
        table["name"]
        for table in await pool.fetch(TABLES)
        if await pool.fetchval(COUNT.format(table=table["name"]), sought, sought.encode().hex())
    ]
