"""From a request to the function that responds: one table for every path, and one way of reading the request line.

aiohttp's router and application would cost as much as reading a webhook.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import unquote

from aiohttp import HttpVersion11, hdrs, web

from orylo_common.http.bodies import incomplete
from orylo_common.http.problems import HTTPProblem
from orylo_common.http.security_headers import SECURITY_HEADERS, add_security_headers, came_by_https
from orylo_ingest.http import problems
from orylo_ingest.http.answers import JsonAnswer

# Receives the request, and the values of the path's last segments.
Endpoint = Callable[..., Awaitable[web.StreamResponse]]
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# A path has at most so many values, and they are its last segments.
MAX_VALUES = 2


class Router:
    """Endpoints by path and method."""

    def __init__(self, table: Iterable[tuple[str, str, Endpoint]], *, trusted_proxies: int) -> None:
        self._trusted_proxies = trusted_proxies
        self._endpoints: defaultdict[tuple[str, int], dict[str, Endpoint]] = defaultdict(dict)
        for method, path, endpoint in table:
            fixed, _, values = path.partition("/{")
            key = fixed, values.count("}")
            self._endpoints[key][method] = endpoint
            if method == hdrs.METH_GET:
                self._endpoints[key][hdrs.METH_HEAD] = endpoint

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Return the endpoint's response, with the security headers, or the problem that prevents one."""
        try:
            endpoint, values = self._find(request)
            if hdrs.EXPECT in request.headers:
                _meet_expectation(request)
            response = await endpoint(request, *values)
        except HTTPProblem as rejection:
            response = rejection.problem.response(rejection.headers)
        except (web.RequestPayloadError, ConnectionError):
            response = incomplete().response()
        if isinstance(response, JsonAnswer):
            return response
        add_security_headers(response, SECURITY_HEADERS, https=came_by_https(request, self._trusted_proxies))
        return response

    def _find(self, request: web.Request) -> tuple[Endpoint, list[str]]:
        path = path_of(request.raw_path)
        for count in range(MAX_VALUES, -1, -1):
            fixed, *values = path.rsplit("/", count)
            if endpoints := self._endpoints.get((fixed, count)):
                endpoint = endpoints.get(request.method)
                if endpoint is None:
                    raise HTTPProblem(problems.METHOD_NOT_ALLOWED, {hdrs.ALLOW: ", ".join(sorted(endpoints))})
                return endpoint, values
        raise HTTPProblem(problems.NOT_FOUND)


def path_of(target: str) -> str:
    """Return the path of a request's target, in the form that the table has: decoded, without needless slashes.

    A base URL that ends in a slash gives a path with two of them. The target may be a path or a whole URL (RFC 9112
    §3.2). A slash that is encoded separates nothing, and stays so.
    """
    path = target.partition("?")[0]
    if not path.startswith("/"):
        path = path.partition("://")[2].partition("#")[0]
        path = path[path.find("/") :] if "/" in path else "/"
    if "//" in path or path.endswith("/"):
        path = "".join(f"/{segment}" for segment in path.split("/") if segment)
    if "%" not in path:
        return path
    return "/".join(unquote(segment).replace("/", "%2F") for segment in path.split("/"))


def query_of(target: str) -> str:
    return target.partition("?")[2]


def _meet_expectation(request: web.Request) -> None:
    """Ask for the body if the client waits for that. Raises `HTTPProblem` for other expectations (RFC 9110 §10.1.1)."""
    expected = ",".join(request.headers.getall(hdrs.EXPECT)).strip().lower()
    # A server ignores what a client of HTTP/1.0 expects.
    if not expected or request.version < HttpVersion11:
        return
    if expected != "100-continue":
        raise HTTPProblem(problems.EXPECTATION_FAILED)
    if request.transport is None:
        raise ConnectionResetError("the client disconnected")
    request.transport.write(CONTINUE)
