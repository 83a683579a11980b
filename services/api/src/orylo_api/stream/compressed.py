"""Server-sent events that are compressed as they come."""

import zlib
from typing import Any

from aiohttp import hdrs
from aiohttp_sse import EventSourceResponse

# Events resemble those just before them, so a small window is enough: 96 KiB of memory for each stream instead of 256.
WINDOW_BITS = 14
MEMORY_LEVEL = 6
# Added to the window's bits, it selects gzip.
GZIP = 16


class CompressedEventSource(EventSourceResponse):
    """For clients that accept gzip. A client can read each write as soon as it arrives."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.headers[hdrs.CONTENT_ENCODING] = "gzip"
        self._compressor = zlib.compressobj(wbits=GZIP + WINDOW_BITS, memLevel=MEMORY_LEVEL)

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        await super().write(self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH))

    async def write_eof(self, data: bytes = b"") -> None:
        await super().write_eof(self._compressor.compress(data) + self._compressor.flush())
