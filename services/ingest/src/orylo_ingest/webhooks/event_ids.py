"""Event ids: the same gateway event has the same id, however often it is sent."""

from hashlib import sha1
from uuid import UUID, uuid5

_NAMESPACE = uuid5(UUID(int=0), "orylo.events").bytes
# RFC 9562: four bits for version 5, two for the variant.
_VERSION_5 = 5 << 76 | 2 << 62
_NOT_VERSION_AND_VARIANT = ~(0xF << 76 | 0x3 << 62)


def event_id_of(gateway: str, event_key: str) -> UUID:
    """Return a UUIDv5 of both. The standard library's function takes twice as long."""
    digest = sha1(_NAMESPACE + f"{gateway}:{event_key}".encode(), usedforsecurity=False).digest()
    number = int.from_bytes(digest[:16], "big") & _NOT_VERSION_AND_VARIANT | _VERSION_5
    return UUID(int=number)
