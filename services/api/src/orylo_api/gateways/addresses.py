"""The URLs that merchants paste into their gateways' panels."""

import ipaddress

from yarl import URL

# Names that only this machine or this network resolves (RFC 6761, RFC 6762).
LOCAL_NAMES = (".localhost", ".local", ".internal", ".test", ".invalid")


def webhook_path(gateway: str, tenant: str) -> str:
    return f"/api/v1/webhooks/{gateway}/{tenant}"


def is_reachable(url: str) -> bool:
    """Return whether a URL may be reached from the internet, as far as its host says."""
    host = (URL(url).host or "").rstrip(".")
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not f".{host}".endswith(LOCAL_NAMES)
