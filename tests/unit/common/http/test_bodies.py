"""Request bodies are bounded in size, also after decompression."""

import asyncio
import gzip
import zlib
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus

import pytest
from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request

from orylo_common.http.bodies import read_body
from orylo_common.http.problems import HTTPProblem

LIMIT = 1000
BODY = b'{"id": "evt_1"}'


async def read(
    body: bytes, headers: Mapping[str, str] = {}, *, ends: bool = True, timeout: timedelta = timedelta(seconds=5)
) -> bytes:
    loop = asyncio.get_running_loop()
    protocol = BaseProtocol(loop)
    protocol.connection_made(asyncio.Transport())
    content = StreamReader(protocol, limit=2**16, loop=loop)
    content.feed_data(body)
    if ends:
        content.feed_eof()
    request = make_mocked_request("POST", "/", headers=headers, payload=content)
    return await read_body(request, max_bytes=LIMIT, timeout=timeout)


async def problem_of(body: bytes, headers: Mapping[str, str] = {}) -> tuple[HTTPStatus, str]:
    with pytest.raises(HTTPProblem) as raised:
        await read(body, headers)
    return raised.value.problem.status, raised.value.problem.code


def encoded(name: str) -> dict[str, str]:
    return {"Content-Encoding": name}


RAW_DEFLATE = zlib.compress(BODY, wbits=-zlib.MAX_WBITS)


@pytest.mark.parametrize(
    ("sent", "encoding"),
    [
        (BODY, "identity"),
        (gzip.compress(BODY), "gzip"),
        (gzip.compress(BODY), "X-GZIP"),
        (zlib.compress(BODY), "deflate"),
        (RAW_DEFLATE, "deflate"),
    ],
    ids=["plain", "gzip", "x-gzip", "zlib", "raw deflate"],
)
async def test_a_supported_encoding_is_decompressed(sent: bytes, encoding: str) -> None:
    assert await read(sent, encoded(encoding)) == BODY


async def test_a_body_of_the_limit_is_accepted_and_one_byte_more_is_not() -> None:
    assert await read(b"x" * LIMIT) == b"x" * LIMIT
    assert await problem_of(b"x" * (LIMIT + 1)) == (413, "body_too_large")


async def test_an_announced_length_above_the_limit_is_rejected_unread() -> None:
    assert await problem_of(b"", {"Content-Length": str(LIMIT + 1)}) == (413, "body_too_large")


async def test_a_small_body_that_decompresses_beyond_the_limit_is_rejected() -> None:
    assert await problem_of(gzip.compress(b" " * 10_000_000), encoded("gzip")) == (413, "body_too_large")


@pytest.mark.parametrize(
    "sent",
    [BODY, gzip.compress(BODY)[:-3], gzip.compress(BODY) + b"more", b""],
    ids=["plain", "cut", "longer", "empty"],
)
async def test_a_body_that_is_not_encoded_as_announced_is_unreadable(sent: bytes) -> None:
    assert await problem_of(sent, encoded("gzip")) == (400, "unreadable_body")


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip"])
async def test_an_unsupported_encoding_is_rejected(encoding: str) -> None:
    assert await problem_of(BODY, encoded(encoding)) == (415, "unsupported_encoding")


async def test_a_body_that_does_not_arrive_in_time_is_rejected() -> None:
    with pytest.raises(HTTPProblem) as raised:
        await read(b"{", ends=False, timeout=timedelta(milliseconds=10))
    assert raised.value.problem.code == "body_too_slow"
