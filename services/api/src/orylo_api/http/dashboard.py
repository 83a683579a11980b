"""The built dashboard, from the package's folder `static`: read once, served from memory."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from mimetypes import guess_type
from pathlib import Path

import orjson
from aiohttp import hdrs, web

STATIC = Path(__file__).parents[1] / "static"
# Unknown paths below /api are errors of the API, not pages of the dashboard.
NOT_THE_API = "/{path:(?!api(?:/|$)).*}"
# The bundler puts a hash of the content into these files' names, so the content of a name never changes.
HASHED = "/assets/"
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
ENCODINGS = {"br": ".br", "gzip": ".gz"}

NOT_BUILT = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Orylo</title>
<h1>The dashboard is not built yet</h1>
<p>Run <code>make web</code>, then start again.
<p>The API is running: <a href="/api/openapi.json">its description</a>.
"""


@dataclass(frozen=True, slots=True)
class Asset:
    content_type: str
    cache_control: str
    # By content coding; `identity` is always present.
    bodies: Mapping[str, bytes]
    etag: str

    def respond(self, request: web.Request, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
        headers = {
            hdrs.CONTENT_TYPE: self.content_type,
            hdrs.CACHE_CONTROL: self.cache_control,
            hdrs.ETAG: self.etag,
            hdrs.VARY: "Accept-Encoding",
        }
        if status is HTTPStatus.OK and request.headers.get(hdrs.IF_NONE_MATCH) == self.etag:
            return web.Response(status=304, headers=headers)
        accepted = accepted_codings(request.headers.get(hdrs.ACCEPT_ENCODING, ""))
        coding = next((coding for coding in ENCODINGS if coding in accepted and coding in self.bodies), "identity")
        if coding != "identity":
            headers[hdrs.CONTENT_ENCODING] = coding
        return web.Response(body=self.bodies[coding], status=status, headers=headers)


class Dashboard:
    """Every file by its path: no path of a request ever reaches the file system."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._assets = dict(_read(folder)) if folder.is_dir() else {}
        self._pages = _pattern_of(read_pages(folder).values())

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/docs", self.show_docs), web.get(NOT_THE_API, self.show)]

    async def show(self, request: web.Request) -> web.Response:
        """Return the file, or else the page, which has its own router and says so at an unknown path."""
        if asset := self._assets.get(request.path):
            return asset.respond(request)
        # Not the decoded path: ids may contain slashes.
        if self._pages.fullmatch(request.rel_url.raw_path):
            return self._page("/index.html").respond(request)
        if request.path.startswith(HASHED) or "." in request.path.rpartition("/")[2]:
            raise web.HTTPNotFound
        return self._page("/index.html").respond(request, HTTPStatus.NOT_FOUND)

    async def show_docs(self, request: web.Request) -> web.Response:
        response = self._page("/docs/index.html").respond(request)
        response.headers[hdrs.CACHE_CONTROL] = REVALIDATE
        return response

    def _page(self, path: str) -> Asset:
        return self._assets.get(path) or Asset("text/html", REVALIDATE, {"identity": NOT_BUILT}, '"not-built"')


def read_pages(folder: Path) -> Mapping[str, str]:
    """Return the paths of the dashboard's pages, such as `/payments/:id`, by their ids. Without a build, the first."""
    file = folder / "pages.json"
    pages: dict[str, str] = orjson.loads(file.read_bytes()) if file.is_file() else {"overview": "/"}
    return pages


def _pattern_of(paths: Iterable[str]) -> re.Pattern[str]:
    """Return what matches the pages' addresses, also with a slash at the end. `:name?` stands for a part or none."""
    return re.compile("|".join(f"(?:{_parts_of(path)}/?)" for path in paths))


def _parts_of(path: str) -> str:
    return "".join(_part_of(part) for part in path.split("/") if part)


def _part_of(part: str) -> str:
    if not part.startswith(":"):
        return f"/{re.escape(part)}"
    return "(?:/[^/]+)?" if part.endswith("?") else "/[^/]+"


def accepted_codings(header: str) -> set[str]:
    """Return the codings that the client accepts. Its order of preference is ignored."""
    parts = [part.replace(" ", "").partition(";") for part in header.split(",")]
    return {coding for coding, _, weight in parts if not weight.startswith("q=0") or weight.strip("q=0.")}


def _read(folder: Path) -> Iterator[tuple[str, Asset]]:
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or file.name.startswith(".") or file.suffix in ENCODINGS.values():
            continue
        path = "/" + file.relative_to(folder).as_posix()
        bodies = {"identity": file.read_bytes()}
        for coding, suffix in ENCODINGS.items():
            compressed = file.with_name(file.name + suffix)
            if compressed.is_file():
                bodies[coding] = compressed.read_bytes()
        kind = guess_type(file.name)[0] or "application/octet-stream"
        charset = "; charset=utf-8" if kind.startswith("text/") or kind.endswith("javascript") else ""
        cache = IMMUTABLE if path.startswith(HASHED) else REVALIDATE
        yield path, Asset(kind + charset, cache, bodies, f'"{sha256(bodies["identity"]).hexdigest()[:32]}"')
