"""Ids and sort keys of rows, derived from the rows' content."""

from datetime import UTC, datetime
from uuid import UUID, uuid5

# Never change it: the same dead letter would get a second row.
NAMESPACE = UUID("0f0f1a5e-0a77-5b0e-9a53-6f72796c6f01")


def derived_uuid(name: str) -> UUID:
    return uuid5(NAMESPACE, name)


def uuid7_time(identifier: UUID, otherwise: datetime) -> datetime:
    """Return when a time-ordered id was made; `otherwise` for an id that holds no time."""
    if identifier.version != 7:
        return otherwise
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, otherwise.tzinfo)


def sort_key(rank: int, at: datetime, tie_breaker: str) -> str:
    """Return a text that sorts by rank, then by time."""
    # Always with microseconds: without them, texts of one rank would not sort by time.
    return f"{rank}|{at.astimezone(UTC).isoformat(timespec='microseconds')}|{tie_breaker}"


def moment_of(key: str) -> datetime:
    """Return the time in a sort key."""
    return datetime.fromisoformat(key.split("|", 2)[1])


def actor_id(actor: str | None) -> UUID | None:
    """Return the id in `user:<id>` or `api_key:<id>`, and None for anyone else."""
    try:
        return UUID((actor or "").partition(":")[2])
    except ValueError:
        return None


def minute_of(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
