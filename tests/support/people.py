"""The parts that a test of the whole dashboard plays: a person at a screen, and a gateway that sends webhooks."""

import asyncio
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from orylo_common.control.models import GatewayName
from orylo_common.webhook_signing import WebhookSigner
from tests.support.eventually import eventually


@dataclass(frozen=True, slots=True)
class GatewayAccount:
    """A merchant's account at a gateway: where it sends webhooks, and with which secret."""

    gateway: GatewayName
    address: str
    secret: str

    async def send(self, body: bytes) -> None:
        """Send a webhook until it is accepted: ingest may not know the gateway or its new secret yet."""
        headers = dict(WebhookSigner(self.gateway, self.secret).headers(body, int(time.time())))
        request = urllib.request.Request(self.address, body, headers)

        async def is_accepted() -> bool:
            return await asyncio.to_thread(status_of, request) == 202

        await eventually(is_accepted)


def status_of(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request) as response:
            status: int = response.status
    except urllib.error.HTTPError as refused:
        return refused.code
    return status


@dataclass(slots=True)
class Person:
    """Someone with nothing but the screen, who keeps pictures of it in a folder if there is one."""

    page: Page
    url: str
    pictures: Path | None = None
    accounts: dict[GatewayName, GatewayAccount] = field(default_factory=dict)
    pictures_taken: int = 0

    async def sign_in(self, email: str, password: str) -> None:
        await self.page.goto(f"{self.url}/login")
        await self.page.get_by_label("Email").fill(email)
        await self.page.get_by_label("Password").fill(password)
        await self.button("Sign in").click()
        await self.page.wait_for_url(f"{self.url}/")
        await expect(self.page.get_by_role("heading", level=1)).to_be_visible()

    async def go(self, name: str) -> None:
        """Choose a page in the rail."""
        await self.page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()

    def button(self, name: str, within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("button", name=name, exact=True)

    def region(self, name: str) -> Locator:
        return self.page.get_by_role("region", name=name, exact=True)

    async def keep_picture(self, name: str) -> None:
        if self.pictures is not None:
            self.pictures_taken += 1
            await self.page.screenshot(path=self.pictures / f"{self.pictures_taken:02d}-{name}.png")
