"""The API knows the addresses of the dashboard's pages, and answers 404 at every other one."""

import re
from pathlib import Path

from orylo_api.http.dashboard import PAGES

DEFINITIONS = Path(__file__).parents[2] / "web/src/app/pages.ts"


def test_the_api_serves_the_pages_that_the_dashboard_defines() -> None:
    paths = re.findall(r'{ path: "(/[^"]*)"', DEFINITIONS.read_text())
    assert paths
    assert {path.rstrip("/") for path in paths} == PAGES
