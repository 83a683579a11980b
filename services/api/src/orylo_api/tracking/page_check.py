"""Find the tracking script in a page, and what keeps it from reporting visits. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from yarl import URL

from orylo_api.tracking.csp import allows_connection, allows_script, parse_policies
from orylo_api.tracking.models import TrackingCheck, TrackingProblem, TrackingProblemCode
from orylo_api.tracking.page_fetching import FetchedPage

SCRIPT_NAME = "/t.js"
# Types of scripts that browsers run.
_RUN = ("", "module", "text/javascript", "application/javascript", "application/x-javascript")

_ADVICE = {
    TrackingProblemCode.SCRIPT_MISSING: "The page has no Orylo script. Add its line to the page; if a tag manager adds "
    "it, this check cannot see it.",
    TrackingProblemCode.OTHER_HOST: "The script is loaded from another address than this platform's.",
    TrackingProblemCode.TENANT_MISSING: "The script has no data-tenant, so its visits belong to no shop.",
    TrackingProblemCode.OTHER_TENANT: "The script's data-tenant names another shop.",
    TrackingProblemCode.HELD_BY_CONSENT: "The script has a type that browsers do not run. A consent tool starts it "
    "once the visitor agrees.",
    TrackingProblemCode.SCRIPT_BLOCKED: "The page's Content-Security-Policy forbids the script. Add its address to "
    "script-src.",
    TrackingProblemCode.REPORTS_BLOCKED: "The page's Content-Security-Policy forbids the script's reports. Add its "
    "address to connect-src.",
}


@dataclass(slots=True)
class _Found:
    scripts: list[Mapping[str, str]] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)
    base: str | None = None


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found = _Found()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in reversed(attrs)}
        if tag == "script" and values.get("src"):
            self.found.scripts.append(values)
        elif tag == "meta" and values.get("http-equiv", "").lower() == "content-security-policy":
            self.found.policies.append(values.get("content", ""))
        elif tag == "base" and self.found.base is None and values.get("href"):
            self.found.base = values["href"]


def check_page(page: FetchedPage, tenant: frozenset[str], host: str | None) -> TrackingCheck:
    """Check a page for the script of a tenant, given by slug and id. `host` is the platform's; None: any."""
    reader = _Reader()
    reader.feed(page.html)
    found = reader.found
    base = _joined(page.url, found.base) or page.url if found.base else page.url
    scripts = [(url, script) for script in found.scripts if (url := _joined(base, script["src"].strip()))]
    ours = [(url, script) for url, script in scripts if url.path.endswith(SCRIPT_NAME)]
    # The right one first, if there are several.
    ours.sort(key=lambda each: (each[1].get("data-tenant") not in tenant, host is not None and each[0].host != host))
    if page.status >= 400:
        detail = f"The page answers with {page.status}."
        problems = [TrackingProblem(code=TrackingProblemCode.PAGE_UNAVAILABLE, detail=detail)]
        return _result(page, None, None, problems)
    if not ours:
        return _result(page, None, None, [_problem(TrackingProblemCode.SCRIPT_MISSING)])
    url, script = ours[0]
    codes = _problems(page, found, url, script, tenant, host)
    return _result(page, url, script.get("data-tenant") or None, [_problem(code) for code in codes])


def _problems(
    page: FetchedPage, found: _Found, url: URL, script: Mapping[str, str], tenant: frozenset[str], host: str | None
) -> list[TrackingProblemCode]:
    policies = parse_policies([*page.policies, *found.policies])
    named, nonce = script.get("data-tenant"), script.get("nonce")
    report = url.origin() / "api/v1/track"
    checks = (
        (host is not None and url.host != host, TrackingProblemCode.OTHER_HOST),
        (not named, TrackingProblemCode.TENANT_MISSING),
        (bool(named) and named not in tenant, TrackingProblemCode.OTHER_TENANT),
        (script.get("type", "").strip().lower() not in _RUN, TrackingProblemCode.HELD_BY_CONSENT),
        (not all(allows_script(each, url, page.url, nonce) for each in policies), TrackingProblemCode.SCRIPT_BLOCKED),
        (not all(allows_connection(each, report, page.url) for each in policies), TrackingProblemCode.REPORTS_BLOCKED),
    )
    return [code for is_true, code in checks if is_true]


def _result(page: FetchedPage, url: URL | None, tenant: str | None, problems: list[TrackingProblem]) -> TrackingCheck:
    return TrackingCheck(
        url=str(page.url),
        status=page.status,
        found=url is not None,
        script_url=str(url) if url else None,
        tenant=tenant,
        problems=problems,
    )


def _problem(code: TrackingProblemCode) -> TrackingProblem:
    return TrackingProblem(code=code, detail=_ADVICE[code])


def _joined(base: URL, source: str) -> URL | None:
    try:
        url = base.join(URL(source))
    except ValueError:
        return None
    return url if url.scheme in ("http", "https") and url.host else None
