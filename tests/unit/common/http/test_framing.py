"""The framing of requests, for every way to cut the bytes into pieces."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_common.http.framing import RequestFraming

HEAD = b"POST /x HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
SIZED = HEAD + b"Content-Length: 22\r\n\r\nno\r\n\r\nGET / HTTP/1.1\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n5;a=b\r\n\r\n\r\n!\r\n0\r\nTrailer: 1\r\n\r\n"
WHOLE = [GET, SIZED, CHUNKED]


def fed(*pieces: bytes) -> RequestFraming:
    framing = RequestFraming()
    for piece in pieces:
        framing.feed(piece)
    return framing


@pytest.mark.parametrize(
    ("sent", "in_headers"),
    [
        (b"", True),
        (b"\r\n", True),
        (b"P", True),
        (GET[:-1], True),
        (GET, False),
        (GET + b"\r\n", False),
        (GET + b"\r\nG", True),
        (GET + GET[:-2], True),
        (SIZED[:-1], False),
        (SIZED, False),
        (SIZED + b"G", True),
        (CHUNKED[:-2], False),
        (CHUNKED, False),
        (CHUNKED + b"G", True),
        (HEAD + b"content-length:5\r\n\r\n", False),
        (HEAD + b"Content-Length: many\r\n\r\n" + GET[:5], False),
        (HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", False),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nno size\r\n" + GET[:5], False),
    ],
)
def test_framing_reports_whether_the_bytes_end_within_headers(sent: bytes, in_headers: bool) -> None:
    assert fed(sent).in_headers is in_headers
    assert fed(*(sent[at : at + 1] for at in range(len(sent)))).in_headers is in_headers


@given(st.lists(st.sampled_from(WHOLE), max_size=5), st.integers(0, 40), st.sets(st.integers(0, 400)))
def test_any_cut_gives_the_same(requests: list[bytes], begun: int, cuts: set[int]) -> None:
    """`begun` bytes of one more request follow the complete ones."""
    sent = b"".join(requests) + GET[:begun]
    ends = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
    framing = fed(*(sent[start:end] for start, end in pairwise(ends)))
    complete = begun >= len(GET)
    assert framing.headers_ended == len(requests) + complete
    assert framing.in_headers is (not complete and (begun > 0 or not requests))
