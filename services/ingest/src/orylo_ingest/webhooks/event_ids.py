"""The id of a gateway's event: the same event has the same id, whoever sends it and however often."""

from hashlib import sha1
from uuid import UUID, uuid5

_NAMESPACE = uuid5(UUID(int=0), "orylo.events").bytes
# RFC 9562: four bits say that it is version 5, two that it is of this variant.
_VERSION_5 = 5 << 76 | 2 << 62
_NOT_VERSION_AND_VARIANT = ~(0xF << 76 | 0x3 << 62)


def event_id_of(gateway: str, event_key: str) -> UUID:
    """UUIDv5 of both; written out because the standard library's takes twice as long."""
    digest = sha1(_NAMESPACE + f"{gateway}:{event_key}".encode(), usedforsecurity=False).digest()
    number = int.from_bytes(digest[:16], "big") & _NOT_VERSION_AND_VARIANT | _VERSION_5
    return UUID(int=number)
