"""Internet addresses as proxies and shops write them."""

import ipaddress
import re
from socket import AF_INET, inet_pton

# An address with a port: `192.0.2.1:443`, `[2001:db8::1]:443`; brackets and zone may stand alone.
_BRACKETED = re.compile(r"\[([^\]]+)\](?::\d+)?")
_WITH_PORT = re.compile(r"([0-9.]+):\d+")
# What Meta's parameter builder adds: `192.0.2.1.AQECAQIB`.
_APPENDIX = re.compile(r"\.(?=[0-9_-]*[A-Za-z])[A-Za-z0-9_-]{2,8}$")
# In canonical form: private, shared (RFC 6598), loopback, link-local and unspecified addresses.
_LOCAL = re.compile(
    r"(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2[0-9]|3[01])|100\.(?:6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))\."
    r"|::1?$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:"
)
_BETWEEN = re.compile(r"[,;\s]+")


def parse_address(text: str | None) -> str | None:
    """Return the address in `text` in its canonical form, or None if there is none.

    Accepts a port, brackets, quotes, an IPv6 zone, IPv4 written as IPv6, and the appendix of Meta's parameter builder.
    Of a list, the first public address counts: a visitor's own proxy adds a private one before it. Without a public one
    it is the first.
    """
    if text is not None and _is_ipv4(text):
        return text
    found = [address for part in _BETWEEN.split(text or "") if (address := _address(part))]
    if len(found) < 2:
        return str(found[0]) if found else None
    return str(next((address for address in found if address.is_global), found[0]))


def is_local(address: str) -> bool:
    """Return whether a canonical address is one of a machine or a private network, as a proxy's often is."""
    return _LOCAL.match(address) is not None


def _is_ipv4(text: str) -> bool:
    """Return whether a text is an IPv4 address and nothing else, as most are: many times as fast as `ipaddress`."""
    try:
        inet_pton(AF_INET, text)
    except (OSError, ValueError):
        return False
    return True


def _address(part: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    bare = _APPENDIX.sub("", part.strip('"'))
    if found := _BRACKETED.fullmatch(bare) or _WITH_PORT.fullmatch(bare):
        bare = found[1]
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    # A dual-stack socket reports an IPv4 caller as ::ffff:a.b.c.d.
    return getattr(address, "ipv4_mapped", None) or address
