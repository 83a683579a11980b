"""Time-ordered ids."""

from uuid import UUID

import uuid_utils


def uuid7() -> UUID:
    """Return a new UUIDv7. It sorts by creation time, so inserts hit the same index pages."""
    return UUID(int=uuid_utils.uuid7().int)
