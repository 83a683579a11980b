"""Count the statements that PostgreSQL executes, from its log."""

import asyncio
import re
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

# A statement executed by the extended protocol, with the name of its prepared statement, or by the simple one.
EXECUTED = re.compile(r"duration: [\d.]+ ms  (?:execute [^:]*|statement): (.*)")
# PostgreSQL takes this long at most to read its configuration again.
RELOAD_S = 0.5


class StatementLog:
    """Logs every statement while the context is open. `counted` is complete once it is left."""

    def __init__(self, dsn: str, file: Path) -> None:
        self._dsn = dsn
        self._file = file
        self.counted: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        self._start = self._file.stat().st_size
        await self._configure("ALTER SYSTEM SET log_min_duration_statement = 0")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._configure("ALTER SYSTEM RESET log_min_duration_statement")
        with self._file.open(errors="replace") as log:
            log.seek(self._start)
            # PostgreSQL indents the further lines of a statement with a tab.
            entries = log.read().replace("\n\t", " ").splitlines()
        self.counted = Counter(" ".join(found[1].split()) for entry in entries if (found := EXECUTED.search(entry)))

    async def _configure(self, statement: str) -> None:
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.execute(statement)
            await connection.execute("SELECT pg_reload_conf()")
        finally:
            await connection.close()
        await asyncio.sleep(RELOAD_S)
