"""Ids within a job's request, which is JSON."""

from collections.abc import Iterable
from uuid import UUID


def texts_of(ids: Iterable[UUID] | None) -> list[str] | None:
    return None if ids is None else list(map(str, ids))


def ids_of(texts: Iterable[str] | None) -> list[UUID] | None:
    return None if texts is None else list(map(UUID, texts))
