"""Read and validate the parts of a request. Errors name the invalid fields."""

import re
from datetime import timedelta

from aiohttp import hdrs, web
from pydantic import ValidationError

from orylo_api.access.sessions import Origin
from orylo_api.errors import Invalid, NotAcceptable, NotFound, Unreadable, WrongMediaType
from orylo_api.http.fields import RequestPart
from orylo_api.http.problem_details import FieldProblem
from orylo_api.settings import Settings
from orylo_common.http.addresses import client_address
from orylo_common.http.bodies import read_body
from orylo_common.http.security_headers import came_by_https

MAX_BODY = 64 * 1024
BODY_TIMEOUT = timedelta(seconds=10)
# Of a file, over a slow line.
UPLOAD_TIMEOUT = timedelta(minutes=2)
MAX_USER_AGENT = 300
_WEIGHT_0 = re.compile(r"(?:^|;)\s*q\s*=\s*0(?:\.0*)?\s*(?:;|$)")


def read_path(request: web.Request, model: type[RequestPart]) -> RequestPart:
    try:
        return model.model_validate(dict(request.match_info))
    except ValidationError:
        # No id has such a shape.
        raise NotFound("there is nothing with this id") from None


def read_query(request: web.Request, model: type[RequestPart]) -> RequestPart:
    repeated = {name for name in request.query if len(request.query.getall(name)) > 1}
    if repeated:
        errors = [FieldProblem(field=f"query.{name}", message="is given twice") for name in sorted(repeated)]
        raise Invalid("each parameter may be given once", errors)
    try:
        return model.model_validate(dict(request.query))
    except ValidationError as invalid:
        raise _invalid("query", invalid) from None


def check_accepts(request: web.Request, media: str) -> None:
    """Raise `NotAcceptable` if the header `Accept` excludes the response's media type (RFC 9110, section 12.5.1)."""
    acceptable: dict[str, bool] = {}
    for part in ",".join(request.headers.getall(hdrs.ACCEPT, [])).split(","):
        name, _, parameters = part.partition(";")
        if name.strip():
            acceptable[name.strip().lower()] = not _WEIGHT_0.search(parameters)
    # The most specific range decides.
    ranges = (media, f"{media.partition('/')[0]}/*", "*/*")
    if not next((acceptable[name] for name in ranges if name in acceptable), not acceptable):
        raise NotAcceptable(f"the response is {media}")


async def read_whole_body(request: web.Request, upload_bytes: int) -> bytes:
    """Return the body, of at most `upload_bytes` if it is a file, else of `MAX_BODY`. Raises `HTTPProblem`."""
    if upload_bytes:
        return await read_body(request, max_bytes=upload_bytes, timeout=UPLOAD_TIMEOUT)
    return await read_body(request, max_bytes=MAX_BODY, timeout=BODY_TIMEOUT)


def check_is_csv(request: web.Request) -> None:
    if request.content_type != "text/csv":
        raise WrongMediaType("the body must be text/csv")


def parse_body(request: web.Request, body: bytes, model: type[RequestPart]) -> RequestPart:
    if request.content_type != "application/json":
        raise WrongMediaType("the body must be application/json")
    try:
        return model.model_validate_json(body)
    except ValidationError as invalid:
        if any(error["type"] == "json_invalid" for error in invalid.errors(include_url=False, include_input=False)):
            raise Unreadable("the body is not JSON") from None
        raise _invalid("body", invalid) from None


def read_origin(request: web.Request, settings: Settings) -> Origin:
    """Return the caller's address and user agent."""
    address = client_address(request, settings.api_trusted_proxies) or ""
    return Origin(address, _storable(request.headers.get("User-Agent", ""))[:MAX_USER_AGENT])


def needs_secure_cookies(request: web.Request, settings: Settings) -> bool:
    return settings.api_secure_cookies or came_by_https(request, settings.api_trusted_proxies)


def _storable(text: str) -> str:
    """Return text that PostgreSQL can store: headers may contain any bytes, its text must not contain NUL."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def _invalid(place: str, invalid: ValidationError) -> Invalid:
    errors = [
        FieldProblem(field=_field(place, error["loc"]), message=error["msg"].removeprefix("Value error, "))
        for error in invalid.errors(include_url=False, include_input=False, include_context=False)
    ]
    return Invalid("some values are invalid", errors)


def _field(place: str, location: tuple[int | str, ...]) -> str:
    return ".".join((place, *(_storable(str(part))[:100] for part in location)))
