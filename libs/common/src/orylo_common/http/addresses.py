"""Internet addresses as proxies and shops write them, the caller behind proxies, and network allow-lists."""

import ipaddress
import re
from functools import lru_cache

from aiohttp import hdrs, web
from yarl import URL

LOOPBACK = ("127.", "::1")

# An address with a port: `192.0.2.1:443`, `[2001:db8::1]:443`; brackets and zone may stand alone.
_BRACKETED = re.compile(r"\[([^\]]+)\](?::\d+)?")
_WITH_PORT = re.compile(r"([0-9.]+):\d+")


def parse_address(text: str | None) -> str | None:
    """Return the address in `text` in its canonical form, or None if there is none.

    Accepts a port, brackets, quotes, an IPv6 zone, IPv4 written as IPv6, and a list, of which the first address counts.
    """
    for part in (text or "").split(","):
        bare = part.strip().strip('"')
        if found := _BRACKETED.fullmatch(bare) or _WITH_PORT.fullmatch(bare):
            bare = found[1]
        try:
            address = ipaddress.ip_address(bare.partition("%")[0])
        except ValueError:
            continue
        # A dual-stack socket reports an IPv4 caller as ::ffff:a.b.c.d.
        return str(getattr(address, "ipv4_mapped", None) or address)
    return None


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
    """Return the address that limits per address apply to, or None if all callers would share it.

    That is the case for a proxy on this machine, recognised by its `X-Forwarded-For`, that the settings do not mention.
    """
    unknown_proxy = not trusted_proxies and hdrs.X_FORWARDED_FOR in request.headers
    return None if address and unknown_proxy and address.startswith(LOOPBACK) else address


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


@lru_cache(maxsize=1000)
def _parsed(networks: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(network) for network in networks)
