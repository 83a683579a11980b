"""Deliver PostgreSQL notifications from a test, at a moment that the test chooses."""

from collections.abc import Callable
from typing import Any

import asyncpg
import pytest


def listeners(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """Return a list that collects every LISTEN callback registered from now on. Calling one delivers a notification."""
    registered: list[Callable[[], None]] = []
    add_listener = asyncpg.Connection.add_listener

    async def note(self: asyncpg.Connection, channel: str, callback: Any) -> None:
        await add_listener(self, channel, callback)
        registered.append(callback)

    monkeypatch.setattr(asyncpg.Connection, "add_listener", note)
    return registered
