"""What tests of the dashboard in a real browser share: visitors, and checks that hold on every page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, ViewportSize

from tests.support.eventually import eventually

WIDE = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=375, height=812)
WIDTHS = (320, 375, 768, 1024, 1440, 1920)
# Every page that shows no single thing, but the page of an unknown path.
PAGES = (
    "/",
    "/payments",
    "/review",
    "/customers",
    "/conversions",
    "/problems/dead-letters",
    "/problems/quarantine",
    "/problems/rejections",
    "/gateways",
    "/gateways/stripe",
    "/destinations",
    "/health",
    "/jobs",
    "/welcome",
    "/settings/profile",
    "/account",
)
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
# WCAG 2.2 AA and axe's best practices.
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# What the screen or a box around it cuts off, other than texts that end in an ellipsis on purpose, what scrolls on
# purpose, and what only screen readers read.
CUT = """[...document.querySelectorAll('body *')].filter((element) => {
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    for (let parent = element; parent; parent = parent.parentElement) {
        const around = getComputedStyle(parent);
        if (around.clipPath !== 'none') return false;
        if (parent !== element && ['auto', 'scroll'].includes(around.overflowX)) return false;
    }
    if (box.width * box.height === 0) return false;
    const hides = ['hidden', 'clip'].includes(style.overflowX) && style.textOverflow !== 'ellipsis';
    return (hides && element.scrollWidth > element.clientWidth + 1) || box.right > innerWidth + 1 || box.left < -1;
}).map((element) => element.outerHTML.slice(0, 200))"""
RUN_AXE = """async (tags) => (await axe.run(document, { runOnly: { type: 'tag', values: tags } })).violations
    .map(({ id, nodes }) => [id, ...nodes.map(({ html, failureSummary }) => html.slice(0, 300) + failureSummary)])"""


@dataclass
class PageLog:
    """The URLs that a page requested, and the errors in its console."""

    urls: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@asynccontextmanager
async def visitor(
    browser: Browser, viewport: ViewportSize = WIDE, *, locale: str = "en-US", theme: str = "light"
) -> AsyncIterator[tuple[Page, PageLog]]:
    """Open a page of a browser profile of its own."""
    options: dict[str, Any] = {"color_scheme": theme, "timezone_id": "America/Sao_Paulo"}
    context = await browser.new_context(viewport=viewport, locale=locale, **options)
    page, log = await context.new_page(), PageLog()
    page.on("request", lambda request: log.urls.append(request.url))
    page.on("console", lambda line: log.errors.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: log.errors.append(str(error)))
    try:
        yield page, log
    finally:
        await context.close()


async def sign_in(page: Page, url: str, email: str, password: str) -> None:
    """Sign in, in any language, and wait for the overview."""
    await page.goto(f"{url}/login")
    await page.locator("input[name=email]").fill(email)
    await page.locator("input[name=password]").fill(password)
    await page.locator("button[type=submit]").click()
    await page.wait_for_url(f"{url}/")


async def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the screen."""
    width: int = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return width


async def assert_whole(page: Page) -> None:
    """Check that nothing is cut off at any width."""
    # What slides in is beyond the edge until it stands still.
    await page.emulate_media(reduced_motion="reduce")

    async def fits() -> bool:
        """The page follows a new width within a few frames."""
        return await overflow(page) <= 0

    for width in WIDTHS:
        await page.set_viewport_size(ViewportSize(width=width, height=900))
        await eventually(fits)
        assert await page.evaluate(CUT) == [], width


async def violations(page: Page) -> list[list[str]]:
    """Return what axe finds: for each violated rule its name and the elements."""
    # By the debugger's protocol: the page's content security policy allows no script of ours.
    await page.evaluate(AXE.read_text())
    found: list[list[str]] = await page.evaluate(RUN_AXE, AXE_TAGS)
    return found
