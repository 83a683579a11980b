"""Internet addresses as proxies and shops write them."""

import ipaddress
import re

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
