"""Measure pages with Lighthouse in this machine's Chromium, signed in or not."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, async_playwright

from tests.support.chromium import ARGUMENTS, chromium
from tests.support.node import node
from tests.support.servers import free_ports

LIGHTHOUSE = Path(__file__).parents[2] / "web" / "node_modules" / "lighthouse" / "cli" / "index.js"
CATEGORIES = "performance,accessibility,best-practices"
TIMEOUT_S = 120.0
# On a busy machine the browser sometimes records no navigation, and Lighthouse asks for another run.
AGAIN = b"Please run Lighthouse again"
ATTEMPTS = 3


@dataclass(frozen=True)
class Report:
    """What Lighthouse says of one page."""

    # From 0 to 100, by category.
    scores: dict[str, int]
    # Names of the audits of accessibility and best practices that failed.
    failed: list[str]
    largest_paint_ms: float
    layout_shift: float


@dataclass(frozen=True)
class DebuggedBrowser:
    """A Chromium whose cookies Lighthouse shares."""

    context: BrowserContext
    port: int

    async def measure(self, url: str, preset: str = "desktop") -> Report:
        """Load a page anew and measure it."""
        options = ["--quiet", "--output=json", f"--port={self.port}", f"--only-categories={CATEGORIES}"]
        preset_options = [f"--preset={preset}"] if preset == "desktop" else []
        options += [*preset_options, "--disable-storage-reset"]
        for _ in range(ATTEMPTS):
            process = await asyncio.create_subprocess_exec(
                node(), LIGHTHOUSE, url, *options, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
            async with asyncio.timeout(TIMEOUT_S):
                output, errors = await process.communicate()
            if process.returncode == 0 or AGAIN not in errors:
                break
        assert process.returncode == 0, errors.decode()[-2000:]
        return _report(json.loads(output))


def _report(answer: dict[str, Any]) -> Report:
    audits, categories = answer["audits"], answer["categories"]
    judged = [each["id"] for name in ("accessibility", "best-practices") for each in categories[name]["auditRefs"]]
    return Report(
        scores={name: round(100 * category["score"]) for name, category in categories.items()},
        failed=[name for name in judged if audits[name]["score"] not in (None, 1)],
        largest_paint_ms=audits["largest-contentful-paint"]["numericValue"],
        layout_shift=audits["cumulative-layout-shift"]["numericValue"],
    )


@asynccontextmanager
async def debugged_browser(profile: Path) -> AsyncIterator[DebuggedBrowser]:
    (port,) = free_ports(1)
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium(), args=[*ARGUMENTS, f"--remote-debugging-port={port}"]
        )
        try:
            yield DebuggedBrowser(context, port)
        finally:
            await context.close()
