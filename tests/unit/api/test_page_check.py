"""The check of a page finds its tracking script, and what keeps it from reporting visits."""

from collections.abc import Sequence

import pytest
from yarl import URL

from orylo_api.tracking.models import TrackingProblemCode
from orylo_api.tracking.page_check import check_page
from orylo_api.tracking.page_fetching import FetchedPage

HOST = "hooks.example.com"
SCRIPT = f'<script async src="https://{HOST}/t.js" data-tenant="my-shop"></script>'
TENANT_ID = "019d0000-0000-7000-8000-000000000001"
TENANT = frozenset({"my-shop", TENANT_ID})


def problems(html: str, *policies: str, status: int = 200) -> Sequence[str]:
    page = FetchedPage(URL("https://shop.example/checkout"), status, list(policies), html)
    return [problem.code.value for problem in check_page(page, TENANT, HOST).problems]


@pytest.mark.parametrize(
    "html",
    [
        SCRIPT,
        SCRIPT.upper().replace("MY-SHOP", "my-shop").replace(f"HTTPS://{HOST.upper()}/T.JS", f"//{HOST}/t.js"),
        f"<script src=https://{HOST}/t.js?v=2 data-tenant=my-shop>",
        f'<base href="https://{HOST}/x/"><script src="../t.js" data-tenant="{TENANT_ID}"></script>',
        '<p>unclosed <script src="/other.js"></script>' + SCRIPT,
        f'<script type="module" src="https://{HOST}/t.js" data-tenant="my-shop"></script>',
        f'<script src="https://elsewhere.example/t.js"></script>{SCRIPT}',
    ],
)
def test_a_script_that_reports_visits_has_no_problem(html: str) -> None:
    assert problems(html) == []


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<html></html>", ["script_missing"]),
        (f"<!-- {SCRIPT} -->", ["script_missing"]),
        ("", ["script_missing"]),
        ('<script src="https://[bad/t.js"></script>', ["script_missing"]),
        (f'<script src="https://{HOST}/t.js"></script>', ["tenant_missing"]),
        (f'<script src="https://{HOST}/t.js" data-tenant="another"></script>', ["other_tenant"]),
        ('<script src="/t.js" data-tenant="my-shop"></script>', ["other_host"]),
        (SCRIPT.replace("async", 'type="text/plain"'), ["held_by_consent"]),
    ],
)
def test_what_is_wrong_with_a_script_is_named(html: str, expected: list[str]) -> None:
    assert problems(html) == expected


def test_a_page_that_answers_with_an_error_is_not_searched() -> None:
    assert problems(SCRIPT, status=404) == [TrackingProblemCode.PAGE_UNAVAILABLE]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("default-src *", []),
        (f"default-src 'self' https://{HOST}", []),
        (f"default-src 'none'; script-src {HOST}; connect-src {HOST}", []),
        ("script-src https:; connect-src *.example.com", []),
        (f"script-src https://{HOST}/t.js; connect-src https://{HOST}/api/", []),
        ("frame-ancestors 'none'", []),
        ("default-src 'self'", ["script_blocked", "reports_blocked"]),
        (f"script-src {HOST}; connect-src 'self'", ["reports_blocked"]),
        (f"script-src 'self'; connect-src {HOST}", ["script_blocked"]),
        (f"script-src-elem 'self'; script-src {HOST}; connect-src *", ["script_blocked"]),
        (f"script-src http://{HOST}:8080; connect-src *", ["script_blocked"]),
        (f"script-src {HOST} 'strict-dynamic' 'nonce-abc'; connect-src *", ["script_blocked"]),
        (f"script-src https://{HOST}/other.js; connect-src *", ["script_blocked"]),
        ("default-src *, script-src 'self'", ["script_blocked"]),
    ],
)
def test_a_policy_that_forbids_the_script_or_its_reports_is_named(policy: str, expected: list[str]) -> None:
    assert problems(SCRIPT, policy) == expected
    in_page = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    assert problems(in_page + SCRIPT) == expected


def test_a_nonce_admits_the_script() -> None:
    script = SCRIPT.replace("async", 'nonce="abc"')
    assert problems(script, "script-src 'strict-dynamic' 'nonce-abc'") == []
    assert problems(script, "script-src 'nonce-other'") == ["script_blocked"]
