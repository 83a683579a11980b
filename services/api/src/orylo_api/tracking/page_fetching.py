"""Fetch a page of the internet, with bounds on time, size and redirects."""

import asyncio
import zlib
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
from aiohttp import hdrs
from yarl import URL

from orylo_api.tracking.page_addresses import FixedResolver, ForbiddenPage, checked_addresses

TIMEOUT = timedelta(seconds=8)
MAX_BYTES = 1024 * 1024
MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {
    hdrs.USER_AGENT: "Orylo tracking check",
    hdrs.ACCEPT: "text/html",
    hdrs.ACCEPT_ENCODING: "gzip",
}


class PageUnreachable(Exception):
    """The page cannot be fetched. The text is the reason."""


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """The first megabyte of a page. `policies` are its Content-Security-Policy headers."""

    url: URL
    status: int
    policies: list[str]
    html: str


async def fetch_page(url: str, *, allow_loopback: bool) -> FetchedPage:
    """Raises `ForbiddenPage` for a URL that is not on the internet, also after a redirect, and `PageUnreachable`."""
    try:
        parsed = URL(url)
    except ValueError:
        raise ForbiddenPage("must be a URL") from None
    try:
        async with asyncio.timeout(TIMEOUT.total_seconds()):
            return await _follow(parsed, allow_loopback)
    except TimeoutError:
        raise PageUnreachable(f"it does not answer within {TIMEOUT.total_seconds():g} s") from None
    except (aiohttp.ClientError, OSError, ValueError, zlib.error) as error:
        raise PageUnreachable(f"the request fails ({type(error).__name__})") from None


async def _follow(url: URL, allow_loopback: bool) -> FetchedPage:
    for _ in range(MAX_REDIRECTS + 1):
        addresses = await checked_addresses(url, allow_loopback=allow_loopback)
        connector = aiohttp.TCPConnector(resolver=FixedResolver(addresses), use_dns_cache=False)
        async with (
            aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, headers=_HEADERS
            ) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            location = response.headers.get(hdrs.LOCATION)
            if response.status in _REDIRECTS and location:
                url = url.join(URL(location))
                continue
            return FetchedPage(
                url=url.with_fragment(None),
                status=response.status,
                policies=response.headers.getall("Content-Security-Policy", []),
                html=await _read(response),
            )
    raise PageUnreachable(f"it redirects more than {MAX_REDIRECTS} times")


async def _read(response: aiohttp.ClientResponse) -> str:
    received = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        received += chunk
        if len(received) >= MAX_BYTES:
            break
    body = bytes(received[:MAX_BYTES])
    coding = response.headers.get(hdrs.CONTENT_ENCODING, "identity").strip().lower()
    if coding in ("gzip", "deflate"):
        # A small body may decompress to gigabytes.
        body = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(body, MAX_BYTES)
    elif coding != "identity":
        raise ValueError("a content coding that was not asked for")
    return body.decode(errors="replace")
