"""A shop on a running platform, used over HTTP as its gateways, API clients and users do."""

import asyncio
import secrets
import string
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import aiohttp
import asyncpg
import orjson
from stripe import WebhookSignature

from orylo_cli.embedded.data_dir import DataDir
from orylo_cli.simulate import hotmart, stripe
from orylo_cli.simulate.buyers import buyer
from orylo_cli.target import OWN_ROLE
from orylo_common.control import Keyring
from orylo_common.control.api_keys import create_api_key
from orylo_common.control.destinations import add_destination
from orylo_common.control.gateway_secrets import put_gateway_secret
from orylo_common.control.gateways import GatewayConfig, set_gateway
from orylo_common.control.models import Role
from orylo_common.control.tenants import create_tenant
from orylo_common.control.users import create_user
from orylo_common.postgres.pool import open_pool
from tests.support.actors import ACTOR
from tests.support.embedded import Embedded
from tests.support.eventually import DEADLINE_S, eventually

PASSWORD = "a password for the tests"
AMOUNT_MINOR = 9700
LETTERS_OF_IDS = string.ascii_letters + string.digits


@dataclass(frozen=True)
class ShopResponse:
    status: int
    body: Any


@dataclass(frozen=True)
class Shop:
    platform: Embedded
    http: aiohttp.ClientSession
    slug: str
    pixel_id: str
    # The same for every enabled gateway.
    secret: str
    api_key: str
    email: str

    async def send_webhook(self, gateway: str, body: bytes, headers: Mapping[str, str]) -> ShopResponse:
        """Send a webhook with these headers and no other proof of authenticity."""
        url = f"{self.platform.ingest_url}/api/v1/webhooks/{gateway}/{self.slug}"
        given = {"Content-Type": "application/json; charset=utf-8", **headers}
        async with self.http.post(url, data=body, headers=given) as response:
            return ShopResponse(response.status, await response.json(content_type=None))

    async def send_stripe(self, body: bytes) -> ShopResponse:
        """Send a webhook signed by Stripe's own library."""
        return await self.send_webhook("stripe", body, {"Stripe-Signature": stripe_signature(body, self.secret)})

    async def pay(self, **changes: Any) -> str:
        """Send the webhook of a card payment through Stripe. Return the payment's id."""
        payment = new_payment(**changes)
        answer = await self.send_stripe(stripe.intent_succeeded(payment, int(time.time())))
        assert answer.status == 202, answer
        return payment_id_of(payment)

    async def read(self, path: str, **query: str) -> Any:
        """Read a path of the API with the shop's key. Return the body of the response."""
        answer = await self.get(path, **query)
        assert answer.status == 200, answer
        return answer.body

    async def get(self, path: str, **query: str) -> ShopResponse:
        headers = {"Authorization": f"Bearer {self.api_key}"}
        async with self.http.get(self.platform.api_url + path, params=query, headers=headers) as response:
            return ShopResponse(response.status, await response.json(content_type=None))

    async def conversion(self, payment_id: str, *, within_s: float = DEADLINE_S) -> dict[str, Any]:
        """Return the payment's only conversion, once it is no longer pending."""
        found: list[dict[str, Any]] = []

        async def settled() -> bool:
            found[:] = (await self.read("/api/v1/conversions", payment_id=payment_id))["items"]
            return bool(found) and all(each["status"] != "pending" for each in found)

        await eventually(settled, within_s=within_s)
        assert len(found) == 1, found
        return found[0]

    async def detections(self, payment_id: str, count: int, **query: str) -> list[dict[str, Any]]:
        """Return a payment's detections, once there are `count` of them."""
        found: list[dict[str, Any]] = []

        async def decided() -> bool:
            found[:] = (await self.read("/api/v1/detections", payment_id=payment_id, **query))["items"]
            return len(found) >= count

        await eventually(decided)
        assert len(found) == count, found
        return found

    @asynccontextmanager
    async def signed_in(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Open an HTTP session in which the shop's owner is signed in."""
        # By default aiohttp drops cookies of IP addresses.
        async with aiohttp.ClientSession(self.platform.api_url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            credentials = {"email": self.email, "password": PASSWORD}
            async with browser.post("/api/v1/auth/login", json=credentials) as response:
                assert response.status == 200, await response.text()
            yield browser


async def open_shop(platform: Embedded, http: aiohttp.ClientSession, slug: str) -> Shop:
    """Create a shop with Stripe and Hotmart enabled, a Meta destination, an owner and an admin's API key."""
    folder = DataDir(platform.data_dir)
    keyring = Keyring.parse(folder.master_key() or "")
    secret, pixel_id, email = f"whsec_{slug}", str(10**9 + secrets.randbelow(10**9)), f"owner@{slug}.example"
    async with open_pool(platform.dsn, role=OWN_ROLE, max_size=1) as pool, pool.acquire() as connection:
        tenant = await create_tenant(connection, slug, actor=ACTOR)
        await add_destination(
            connection,
            keyring,
            tenant.id,
            "meta",
            name="default",
            config={"pixel_id": pixel_id},
            secret="EAAtest",
            actor=ACTOR,
        )
        await create_user(connection, tenant.id, email, password=PASSWORD, role=Role.OWNER, actor=ACTOR)
        key = await create_api_key(connection, tenant.id, name="tests", role=Role.ADMIN, actor=ACTOR)
        # Last: once ingest knows the gateways, the other services know everything above.
        # One transaction: ingest must not know a gateway before its secrets.
        async with connection.transaction():
            for gateway in ("stripe", "hotmart"):
                await set_gateway(connection, tenant.id, gateway, GatewayConfig(), actor=ACTOR)
                await put_gateway_secret(
                    connection, keyring, tenant.id, gateway, label="default", secret=secret, actor=ACTOR
                )
    shop = Shop(platform, http, slug, pixel_id, secret, key.key, email)
    await _wait_until_known(shop)
    return shop


async def set_mode(shop: Shop, mode: Literal["native", "hmac"]) -> None:
    """Set Hotmart's authentication mode. Return once ingest applies it."""
    await asyncio.to_thread(shop.platform.orylo, "gateway", "set", shop.slug, "hotmart", "--mode", mode)
    misses = {"native": "token_missing", "hmac": "signature_missing"}[mode]

    async def is_known() -> bool:
        return bool((await shop.send_webhook("hotmart", b"{}", {})).body["code"] == misses)

    await eventually(is_known)


def stripe_signature(body: bytes, secret: str, at: int | None = None) -> str:
    header: str = WebhookSignature.generate_signature_header(body.decode(), secret, at)
    return header


def new_payment(**changes: Any) -> stripe.StripePayment:
    """Build a payment whose buyer, card and IP address no other payment has."""
    a_buyer = buyer(secrets.randbelow(10**9), secrets.randbelow(10**6))
    given: dict[str, Any] = {
        "native_id": "3E" + "".join(secrets.choice(LETTERS_OF_IDS) for _ in range(22)),
        "buyer": a_buyer,
        "card": a_buyer.card,
        "method": "card",
        "amount_minor": AMOUNT_MINOR,
        "currency": "brl",
        "description": "Curso de Fotografia",
        "created": int(time.time()),
        "metadata": {"client_ip": a_buyer.ip, "client_user_agent": a_buyer.user_agent},
    }
    return stripe.StripePayment(**(given | changes))


def payment_id_of(payment: stripe.StripePayment) -> str:
    return f"stripe:pi_{payment.native_id}"


def checkout_completed(payment: stripe.StripePayment, at: int) -> bytes:
    """Build a paid `checkout.session.completed`, which Stripe sends besides the payment's own events."""
    session = {
        "id": f"cs_{payment.native_id}",
        "object": "checkout.session",
        "amount_total": payment.amount_minor,
        "currency": payment.currency,
        "customer_details": {"email": payment.buyer.email, "name": payment.buyer.name},
        "metadata": payment.metadata,
        "mode": "payment",
        "payment_intent": f"pi_{payment.native_id}",
        "payment_method_types": ["card"],
        "payment_status": "paid",
    }
    return orjson.dumps(
        {
            "id": f"evt_cs{payment.native_id}",
            "object": "event",
            "api_version": stripe.API_VERSION,
            "created": at,
            "data": {"object": session},
            "livemode": True,
            "type": "checkout.session.completed",
        }
    )


def new_purchase() -> hotmart.HotmartPurchase:
    a_buyer = buyer(secrets.randbelow(10**9), secrets.randbelow(10**6))
    return hotmart.HotmartPurchase(
        transaction=f"HP{secrets.randbelow(10**12):012d}",
        buyer=a_buyer,
        product_id=4711,
        product="Curso de Fotografia",
        price=Decimal("97.00"),
        payment_type="CREDIT_CARD",
        installments=1,
        ordered_ms=int(time.time() * 1000),
        click_id=None,
    )


async def count(platform: Embedded, query: str, *arguments: Any) -> int:
    """Return the number that `query` selects."""
    connection = await asyncpg.connect(platform.dsn)
    try:
        number: int = await connection.fetchval(query, *arguments)
    finally:
        await connection.close()
    return number


async def _wait_until_known(shop: Shop) -> None:
    """Wait until ingest knows the shop and its gateways."""

    async def is_rejected_for_its_token() -> bool:
        return (await shop.send_webhook("hotmart", b"{}", {})).status == 401

    await eventually(is_rejected_for_its_token)
