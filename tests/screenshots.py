"""Take the pictures in `docs/images` from the demo: the main pages in both themes, the overview also on a phone.

`make screenshots` runs it. The demo's traffic runs for a while first, so that the pages have something to show.
"""

import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Browser, Page, ViewportSize

from orylo_cli.demo.shop import EMAIL, PASSWORD
from tests.support.chromium import headless_chromium
from tests.support.dashboard import PHONE, sign_in, visitor
from tests.support.embedded import Embedded

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SCREEN = ViewportSize(width=1440, height=900)
TRAFFIC_S = 90
# The page renders its charts and pictures of buyers after its data is there.
SETTLE_MS = 1500

FIRST_BLOCKED = """fetch('/api/v1/payments?decision=block&limit=1')
    .then((response) => response.json()).then(({ items }) => items[0].id)"""


async def take_all(browser: Browser, url: str, folder: Path) -> None:
    for theme in ("light", "dark"):
        async with visitor(browser, SCREEN, theme=theme) as (page, _):
            await sign_in(page, url, EMAIL, PASSWORD)
            blocked = await page.evaluate(FIRST_BLOCKED)
            for name, path in {
                "overview": "/",
                "payments": "/payments",
                "payment": f"/payments/{blocked}",
                "review": "/review",
                "conversions": "/conversions",
            }.items():
                await take(page, url + path, folder / f"{name}-{theme}.png")
    async with visitor(browser, PHONE) as (page, _):
        await sign_in(page, url, EMAIL, PASSWORD)
        await take(page, f"{url}/", folder / "overview-phone.png")


async def take(page: Page, address: str, file: Path) -> None:
    await page.goto(address)
    await page.get_by_role("heading", level=1).wait_for()
    await page.wait_for_timeout(SETTLE_MS)
    await page.screenshot(path=file)
    print(file)


async def browse(url: str, folder: Path) -> None:
    async with headless_chromium() as browser:
        await take_all(browser, url, folder)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as data:
        platform = Embedded(Path(data), {})
        platform.start("--demo")
        try:
            time.sleep(TRAFFIC_S)
            asyncio.run(browse(platform.api_url, folder))
        finally:
            platform.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
