"""Compress message bodies for the outbox, where a body is written once and almost never read.

zlib with a dictionary of typical messages: a body takes a fifth of its size. `outbox_dictionary.txt` must never change,
because stored bodies need it. zlib stores its checksum with each body, so another dictionary is an error, not garbage.
"""

import zlib
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from orylo_common.broker.ports import Outgoing

_DICTIONARY = Path(__file__).with_name("outbox_dictionary.txt").read_bytes()
# A window of 8 kB covers the dictionary and a message. The default window costs ten times the time.
_LEVEL, _WINDOW_BITS, _MEMORY = 1, 13, 6
# The first byte of a compressed body. A body as encoded begins with a brace.
_COMPRESSED = 0x58


def compress(body: bytes) -> bytes:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY, zlib.Z_DEFAULT_STRATEGY, _DICTIONARY)
    return compressor.compress(body) + compressor.flush()


def decompress(stored: bytes) -> bytes:
    """Return the body. A body that was stored as encoded is returned unchanged."""
    if stored[:1] != bytes([_COMPRESSED]):
        return stored
    return zlib.decompressobj(_WINDOW_BITS, _DICTIONARY).decompress(stored)


def outbox_columns(messages: Sequence[Outgoing]) -> tuple[list[UUID], list[str], list[bytes]]:
    """Return the messages' ids, types and compressed bodies: the columns of outbox rows."""
    return (
        [message.message_id for message in messages],
        [message.type for message in messages],
        [compress(message.body) for message in messages],
    )
