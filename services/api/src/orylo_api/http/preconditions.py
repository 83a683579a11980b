"""ETags, and changes that take effect only if the resource is still the one that the client has seen (RFC 9110)."""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from aiohttp import hdrs, web

from orylo_api.call import Call
from orylo_api.errors import PreconditionFailed, PreconditionRequired
from orylo_api.http.fields import ResponseBody
from orylo_api.http.reading import read_path
from orylo_api.http.route import Route

# Until the transaction ends, other changes of the same resource wait.
LOCK_RESOURCE = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"


def etag_of(body: bytes) -> str:
    return f'"{sha256(body).hexdigest()[:32]}"'


def json_of(result: ResponseBody) -> bytes:
    return result.__pydantic_serializer__.to_json(result)


def matches(header: str, etag: str) -> bool:
    """Return whether `If-Match` or `If-None-Match` names the ETag. Proxies that compress make it weak."""
    known = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return etag in known or "*" in known


def shown_at(path: str, routes: Iterable[Route]) -> Route | None:
    """Return the route whose response is the resource at this path."""
    return next((route for route in routes if route.path == path and route.has_etag), None)


async def check_unchanged(call: Call[object, object, object], route: Route, shown: Route) -> None:
    """Lock the resource, and raise `PreconditionFailed` if it is not the one that `If-Match` names.

    `shown` is the GET of the same path. Its endpoint reads the resource as it is in this transaction.
    """
    wanted = call.request.headers.get(hdrs.IF_MATCH)
    if wanted is None and route.needs_if_match:
        raise PreconditionRequired("send `If-Match` with the ETag of the resource that you have seen")
    owner = "platform" if route.across_tenants else call.principal.tenant.id
    await call.connection.execute(LOCK_RESOURCE, f"{owner} {call.request.path}")
    if wanted is None:
        return
    path = read_path(call.request, shown.path_values) if shown.path_values else None
    query = shown.query() if shown.query else None
    current = await shown.endpoint(replace(call, path=path, query=query, body=None))
    if isinstance(current, web.StreamResponse) or not matches(wanted, etag_of(json_of(current))):
        raise PreconditionFailed("the resource has changed since you read it; read it again")
