"""ETags: the state of a resource, for clients that keep a copy or change it only if nobody else has."""

from hashlib import sha256

from aiohttp import hdrs, web

from orylo_api.errors import PreconditionFailed
from orylo_api.http.fields import ResponseBody


def etag_of(body: bytes) -> str:
    return f'"{sha256(body).hexdigest()[:32]}"'


def is_unchanged(request: web.Request, etag: str) -> bool:
    """Return whether the copy that `If-None-Match` names is current."""
    return _names(request.headers.get(hdrs.IF_NONE_MATCH, ""), etag)


def check_unchanged(request: web.Request, current: ResponseBody) -> None:
    """Raise `PreconditionFailed` if `If-Match` names another state than `current`, the response to a GET.

    Without the header, the change is made in any case.
    """
    given = request.headers.get(hdrs.IF_MATCH)
    if given is not None and not _names(given, etag_of(current.__pydantic_serializer__.to_json(current))):
        raise PreconditionFailed("it was changed since it was read; read it again")


def _names(header: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return etag in tags or "*" in tags
