"""What listens to PostgreSQL is told by the test, at the moment that the test chooses."""

from collections.abc import Callable
from typing import Any

import asyncpg
import pytest


def listeners(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """Every callback that is registered from now on; calling one is a notification that arrives in this very turn."""
    registered: list[Callable[[], None]] = []
    add_listener = asyncpg.Connection.add_listener

    async def note(self: asyncpg.Connection, channel: str, callback: Any) -> None:
        await add_listener(self, channel, callback)
        registered.append(callback)

    monkeypatch.setattr(asyncpg.Connection, "add_listener", note)
    return registered
