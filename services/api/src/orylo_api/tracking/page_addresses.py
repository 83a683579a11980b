"""Decide which addresses a page may be fetched from: those of the internet, and none of the platform's own network."""

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

PORTS = frozenset({80, 443})
# All of IPv6 that is the internet (RFC 4291), and the prefix under which NAT64 reaches IPv4 addresses, private ones
# included (RFC 6052). Others embed IPv4 addresses too: ::/96, ::ffff:0:0:0/96 and 64:ff9b:1::/48.
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Apart from the threads that hash passwords and resolve the names of servers: a merchant's name server may hang.
_LOOKUPS = ThreadPoolExecutor(4, "page-lookup")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class ForbiddenPage(Exception):
    """A URL that is never fetched. The text is the reason, for the sender."""


class FixedResolver(AbstractResolver):
    """Resolves every name to addresses that were checked: a second lookup could return others (DNS rebinding)."""

    def __init__(self, addresses: list[Address]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Close nothing."""


async def checked_addresses(url: URL, *, allow_loopback: bool) -> list[Address]:
    """Return the addresses of a URL's host. Raises `ForbiddenPage`, and `OSError` if it has none."""
    if url.scheme not in ("http", "https") or not url.raw_host:
        raise ForbiddenPage("must begin with http:// or https:// and a host")
    if url.user or url.password:
        raise ForbiddenPage("must not contain a user name or a password")
    # The name that is requested. Python would encode `url.host` by an older standard, which may be another name.
    addresses = await _resolve(url.raw_host, url.port or 0)
    loopback = allow_loopback and all(address.is_loopback for address in addresses)
    if not loopback and not all(map(is_public, addresses)):
        raise ForbiddenPage("must be a page on the internet: the host has a private address")
    if not loopback and url.port not in PORTS:
        raise ForbiddenPage("must use port 80 or 443")
    return addresses


def is_public(address: Address) -> bool:
    """Return whether the address, and the one that it embeds, belong to the internet."""
    if isinstance(address, ipaddress.IPv6Address):
        embedded = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if embedded is not None:
            return is_public(embedded)
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast


async def _resolve(host: str, port: int) -> list[Address]:
    lookup = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found: list[Any] = await asyncio.get_running_loop().run_in_executor(_LOOKUPS, lookup)
    # A link-local address has a scope, such as fe80::1%eth0.
    return list(dict.fromkeys(ipaddress.ip_address(each[4][0].partition("%")[0]) for each in found))
