"""Evaluate Content-Security-Policies as far as the tracking script needs it (CSP Level 3)."""

from collections.abc import Mapping, Sequence

from yarl import URL

Policy = Mapping[str, Sequence[str]]


def parse_policies(headers: Sequence[str]) -> list[Policy]:
    """Return each policy's directives. Of a directive that occurs twice, the first counts."""
    policies: list[Policy] = []
    for policy in (part for header in headers for part in header.split(",")):
        directives: dict[str, list[str]] = {}
        for directive in policy.split(";"):
            name, *sources = directive.split() or [""]
            if name:
                directives.setdefault(name.lower(), sources)
        policies.append(directives)
    return policies


def allows_script(policy: Policy, script: URL, page: URL, nonce: str | None) -> bool:
    sources = _sources(policy, "script-src-elem", "script-src", "default-src")
    if sources is None:
        return True
    if nonce is not None and f"'nonce-{nonce}'" in sources:
        return True
    # With strict-dynamic, the addresses do not count.
    return "'strict-dynamic'" not in sources and _matches_any(sources, script, page)


def allows_connection(policy: Policy, target: URL, page: URL) -> bool:
    sources = _sources(policy, "connect-src", "default-src")
    return sources is None or _matches_any(sources, target, page)


def _sources(policy: Policy, *names: str) -> Sequence[str] | None:
    return next((policy[name] for name in names if name in policy), None)


def _matches_any(sources: Sequence[str], url: URL, page: URL) -> bool:
    return any(_matches(source, url, page) for source in sources)


def _matches(source: str, url: URL, page: URL) -> bool:
    lowered = source.lower()
    if lowered == "*":
        return True
    if lowered == "'self'":
        return url.host == page.host and url.port == page.port and url.scheme in (page.scheme, "https")
    if lowered.startswith("'"):
        return False
    if lowered.endswith(":"):
        return _scheme_matches(lowered[:-1], url)
    scheme, separator, rest = source.partition("://")
    if separator and not _scheme_matches(scheme.lower(), url):
        return False
    host, _, path = (rest if separator else source).partition("/")
    name, _, port = host.partition(":")
    return _host_matches(name.lower(), url.host or "") and _port_matches(port, url) and _path_matches(path, url)


def _scheme_matches(scheme: str, url: URL) -> bool:
    return url.scheme == scheme or (scheme == "http" and url.scheme == "https")


def _host_matches(pattern: str, host: str) -> bool:
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    return pattern in ("*", host)


def _port_matches(port: str, url: URL) -> bool:
    return port == "*" or (url.is_default_port() if not port else str(url.port) == port)


def _path_matches(path: str, url: URL) -> bool:
    if not path:
        return True
    return url.path.startswith(f"/{path}") if path.endswith("/") else url.path == f"/{path}"
