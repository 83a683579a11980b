"""The pages of the alarms, for the links in notifications: `/runbooks/{alarm}`, without sign-in.

They are the repository's `runbooks/`, which hold no data of a platform. Read once, served from memory.
"""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from pathlib import Path, PurePosixPath

from aiohttp import hdrs, web
from markdown_it import MarkdownIt
from markdown_it.token import Token

FILES = Path(__file__).parents[1] / "runbook_files"
INDEX = ""

STYLE = """
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere }
pre { overflow-x: auto; padding: .75rem; border: 1px solid #8888; border-radius: .375rem; overflow-wrap: normal }
code { font-size: .875rem }
"""
# The page's style, and nothing else: no script, no image, no other origin.
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
<p><a href="/runbooks">All alarms</a></p>
{body}
"""


class Runbooks:
    """Every page by its alarm's name: no path of a request ever reaches the file system."""

    def __init__(self, folder: Path = FILES) -> None:
        self._pages = _read(folder)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/runbooks", self.show), web.get("/runbooks/{alarm}", self.show)]

    async def show(self, request: web.Request) -> web.Response:
        page = self._pages.get(request.match_info.get("alarm", INDEX))
        if page is None:
            raise web.HTTPNotFound
        headers = {hdrs.CONTENT_SECURITY_POLICY: POLICY, hdrs.CACHE_CONTROL: "no-cache"}
        return web.Response(body=page, content_type="text/html", charset="utf-8", headers=headers)


def _read(folder: Path) -> Mapping[str, bytes]:
    files = sorted(folder.glob("*/*.md"))
    pages = {file.stem: _page(file.stem, file.read_text()) for file in files}
    alarms = "\n".join(f"- [{file.stem}](/runbooks/{file.stem}) ({file.parent.name})" for file in files)
    conventions = (folder / "README.md").read_text()
    return {**pages, INDEX: _page("Runbooks", f"{conventions}\n\n{alarms}\n")}


def _page(title: str, text: str) -> bytes:
    # CommonMark without HTML: what looks like a tag is shown as text.
    markdown = MarkdownIt("commonmark", {"html": False})
    tokens = markdown.parse(text)
    for token in tokens:
        for child in token.children or ():
            _link_to_page(child)
    body = markdown.renderer.render(tokens, markdown.options, {})
    return PAGE.format(title=escape(title), style=STYLE, body=body).encode()


def _link_to_page(token: Token) -> None:
    """Replace a link to another page's file by its address."""
    target = token.attrGet("href")
    if token.type == "link_open" and isinstance(target, str) and target.endswith(".md"):
        token.attrSet("href", f"/runbooks/{PurePosixPath(target).stem}")
