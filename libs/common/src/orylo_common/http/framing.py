"""Track whether the bytes received so far end within the headers of a request."""

import sys
from enum import Enum, auto

_HEADERS_END = b"\r\n\r\n"
_LINE_END = b"\r\n"
# In lower case.
_LENGTH = b"\r\ncontent-length:"
_CODINGS = b"\r\ntransfer-encoding:"
# More than any server accepts.
_MAX_DIGITS = 15
_NOTHING = bytearray()


class FramingState(Enum):
    HEADERS = auto()
    CHUNK_SIZE = auto()
    TRAILER = auto()


class RequestFraming:
    """Follows the bytes of one connection just far enough to know which part of a request comes next (RFC 9112 §6).

    It validates nothing: after an invalid request the server closes the connection.
    """

    __slots__ = ("_held", "_next", "_skipped", "headers_ended", "in_headers")

    def __init__(self) -> None:
        self._next = FramingState.HEADERS
        # An unfinished line, or unfinished headers.
        self._held = _NOTHING
        # Bytes of a body that are still to come.
        self._skipped = 0
        # Also true before the first byte.
        self.in_headers = True
        # How many requests had complete headers.
        self.headers_ended = 0

    def feed(self, data: bytes) -> None:
        start, size = 0, len(data)
        while start < size:
            if self._skipped:
                step = min(self._skipped, size - start)
                self._skipped -= step
                start += step
            else:
                start = self._read(data, start)

    def _read(self, data: bytes, start: int) -> int:
        """Read `data` from `start` to the end of the headers or of the line. Return the position after it."""
        part = self._next
        end_mark = _HEADERS_END if part is FramingState.HEADERS else _LINE_END
        held = len(self._held)
        if not held:
            end = data.find(end_mark, start)
            if end < 0:
                self._held = bytearray(data[start:])
        else:
            self._held += data[start:]
            end = self._held.find(end_mark, max(0, held - len(end_mark) + 1))
        if end < 0:
            # Empty lines before a request belong to no request.
            if part is FramingState.HEADERS and not self._held.isspace():
                self.in_headers = True
            return len(data)
        text = bytes(self._held[:end]) if held else data[start:end]
        self._held = _NOTHING
        try:
            self._go_on(text)
        except ValueError:
            self._skipped = sys.maxsize
        return start - held + end + len(end_mark) if held else end + len(end_mark)

    def _go_on(self, text: bytes) -> None:
        if self._next is FramingState.HEADERS:
            self._begin_body(text)
        elif self._next is FramingState.TRAILER:
            self._next = FramingState.TRAILER if text else FramingState.HEADERS
        elif size := int(text.partition(b";")[0], 16):
            self._skipped = size + len(_LINE_END)
        else:
            self._next = FramingState.TRAILER

    def _begin_body(self, headers: bytes) -> None:
        if not headers:
            return
        self.in_headers = False
        self.headers_ended += 1
        lowered = headers.lower()
        if (length := _value(lowered, _LENGTH)) is not None:
            self._skipped = int(length[: _MAX_DIGITS + 1])
        elif b"chunked" in (_value(lowered, _CODINGS) or b""):
            self._next = FramingState.CHUNK_SIZE


def _value(headers: bytes, name: bytes) -> bytes | None:
    start = headers.find(name)
    if start < 0:
        return None
    start += len(name)
    end = headers.find(b"\r", start)
    return headers[start:] if end < 0 else headers[start:end]
