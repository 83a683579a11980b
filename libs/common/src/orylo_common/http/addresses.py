"""The address of a caller behind proxies, and network allow-lists."""

import ipaddress
from functools import lru_cache

from aiohttp import hdrs, web
from yarl import URL

from orylo_common.ip_addresses import parse_address

LOOPBACK = ("127.", "::1")


def client_address(request: web.Request, trusted_proxies: int) -> str | None:
    """Return the caller's address: the peer's, or the one that the outermost trusted proxy reported.

    Each trusted proxy appends one address to `X-Forwarded-For`; everything before those may be forged. A header
    with fewer addresses than trusted proxies, or with something else than an address in the place that counts,
    did not come through all of them: then the peer's address is returned.
    """
    peer = parse_address(request.remote)
    if not trusted_proxies:
        return peer
    # A proxy may add a second header line instead of extending the first. Together they are one list.
    forwarded = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, ())).split(",")
    if len(forwarded) < trusted_proxies:
        return peer
    return parse_address(forwarded[-trusted_proxies]) or peer


def rate_limit_address(request: web.Request, address: str | None, trusted_proxies: int) -> str | None:
    """Return what limits per address count by (`network_of`), or None if all callers would share it.

    That is the case for a proxy on this machine, recognised by its `X-Forwarded-For`, that the settings do not mention.
    """
    unknown_proxy = not trusted_proxies and hdrs.X_FORWARDED_FOR in request.headers
    if address is None or (unknown_proxy and address.startswith(LOOPBACK)):
        return None
    return network_of(address)


def is_internal(request: web.BaseRequest) -> bool:
    """Return whether the caller is on this machine or in a private network, and not behind a proxy.

    A header can only make a caller external, so that forging one gains nothing.
    """
    address = parse_address(request.remote)
    forwarded = hdrs.X_FORWARDED_FOR in request.headers or hdrs.FORWARDED in request.headers
    return address is not None and not forwarded and not ipaddress.ip_address(address).is_global


def names_loopback(host: str) -> bool:
    """Return whether a `Host` header names this machine by a loopback address or as localhost.

    A page of another site can reach a server under a name of that site (DNS rebinding), but under none of these.
    """
    try:
        name = URL(f"http://{host}").host or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_within(address: str | None, networks: tuple[str, ...]) -> bool:
    """Return whether `address` lies in one of `networks`, given in CIDR form. An invalid address lies in none."""
    parsed = parse_address(address)
    if parsed is None:
        return False
    caller = ipaddress.ip_address(parsed)
    return any(caller in network for network in _parsed(networks))


def network_of(address: str) -> str:
    """Return the key by which callers are counted: the address, or an IPv6 address's /64, all of which one customer
    of a provider can use. Other text is returned unchanged.
    """
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    # A dual-stack socket reports an IPv4 caller as ::ffff:a.b.c.d.
    return str(parsed.ipv4_mapped) if parsed.ipv4_mapped else f"{ipaddress.IPv6Address(int(parsed) >> 64 << 64)}/64"


@lru_cache(maxsize=1000)
def _parsed(networks: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(network) for network in networks)
