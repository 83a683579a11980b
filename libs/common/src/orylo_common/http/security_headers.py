"""Headers of every response: what browsers may do with it, and no name or version of the server's software."""

from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web

# The policy of responses that load nothing. The dashboard has its own, which allows what its pages load.
SECURITY_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "Referrer-Policy": "same-origin",
        # aiohttp would name itself and its version.
        "Server": "orylo",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
)
# One year (RFC 6797). Subdomains of Orylo's own host are Orylo's.
HSTS = "max-age=31536000; includeSubDomains"


def add_security_headers(response: web.StreamResponse, headers: Mapping[str, str], *, https: bool) -> None:
    """Add `headers`, except those that the response already has, and HSTS if the client came by HTTPS."""
    # Just before a response starts, it has aiohttp's own.
    response.headers.popall("Server", None)
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    if https:
        response.headers.setdefault("Strict-Transport-Security", HSTS)


def came_by_https(request: web.BaseRequest, trusted_proxies: int) -> bool:
    """Return whether the client used HTTPS, towards this server or towards a trusted proxy.

    Of several proxies, the first one in `X-Forwarded-Proto` is the client's. A client that forges the header changes
    only its own response.
    """
    forwarded = request.headers.get("X-Forwarded-Proto", "") if trusted_proxies else ""
    return request.secure or forwarded.partition(",")[0].strip().lower() == "https"
