"""Run this machine's Chromium headless, driven by Playwright, without background network traffic."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from tests.support.servers import program

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    # A container may not permit the sandbox, and tests open only our own pages.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def chromium() -> str:
    """Return the path of this machine's Chromium."""
    return next(filter(None, map(shutil.which, NAMES)), None) or str(program("chromium", "chromium"))


@asynccontextmanager
async def headless_chromium() -> AsyncIterator[Browser]:
    path = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()
