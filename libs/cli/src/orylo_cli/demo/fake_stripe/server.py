"""Stripe's endpoints, and `/__control` to inspect and change the fake."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from orylo_cli.demo.fake_stripe.account import FakeAccount
from orylo_cli.demo.fake_stripe.errors import StripeRefusal, unauthorised
from orylo_cli.demo.fake_stripe.faults import StripeFault
from orylo_cli.demo.fake_stripe.idempotency import IdempotencyKeys
from orylo_cli.demo.fake_stripe.lists import page_of

_KEY = re.compile(r"(?:rk|sk)_(?:live|test)_\w+")


@dataclass(frozen=True, slots=True)
class SeenRequest:
    key: str
    path: str
    idempotency_key: str
    status: int


@dataclass(frozen=True, slots=True)
class ListRequest:
    key: str
    path: str
    query: Mapping[str, str]


@dataclass(slots=True)
class _KnownKey:
    account: FakeAccount
    idempotency: IdempotencyKeys = field(default_factory=IdempotencyKeys)


class FakeStripe:
    """A fake Stripe. A key that is not added is refused. `base_url` is set while it runs."""

    def __init__(self) -> None:
        self.base_url = ""
        # Requests that change something, and those that list events or balance transactions.
        self.requests: list[SeenRequest] = []
        self.lists: list[ListRequest] = []
        self._keys: dict[str, _KnownKey] = {}
        self._fault = StripeFault()
        self._fault_changed = asyncio.Event()

    def account(self, key: str) -> FakeAccount:
        """Return the account of a key, which from now on is accepted."""
        return self._keys.setdefault(key, _KnownKey(FakeAccount())).account

    def revoke(self, key: str) -> None:
        self._keys.pop(key, None)

    def inject(self, fault: StripeFault) -> None:
        self._fault = fault
        self._fault_changed.set()
        self._fault_changed = asyncio.Event()

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/__control", self._get_report),
                web.post("/__control/mode", self._post_mode),
                web.post("/__control/payments", self._post_payment),
                web.post("/__control/events", self._post_events),
                web.post("/v1/refunds", self._post_refund),
                web.post("/v1/payment_intents/{id}/cancel", self._post_cancel),
                web.get("/v1/refunds", self._get_list),
                web.get("/v1/payment_intents", self._get_list),
                web.get("/v1/invoice_payments", self._get_list),
                web.get("/v1/events", self._get_events),
                web.get("/v1/balance_transactions", self._get_transactions),
            ]
        )
        return app

    async def _post_refund(self, request: web.Request) -> web.Response:
        return await self._post(request, lambda account, form: account.refund(form))

    async def _post_cancel(self, request: web.Request) -> web.Response:
        payment_id = request.match_info["id"]
        return await self._post(request, lambda account, form: account.cancel(payment_id, form))

    async def _get_events(self, request: web.Request) -> web.Response:
        return await self._get_page(request, lambda account: account.events)

    async def _get_transactions(self, request: web.Request) -> web.Response:
        return await self._get_page(request, lambda account: account.transactions)

    async def _get_page(
        self, request: web.Request, items_of: Callable[[FakeAccount], list[dict[str, Any]]]
    ) -> web.Response:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.lists.append(ListRequest(key, request.path, dict(request.query)))
        fault = self._fault_of(request)
        if fault.mode == "down":
            return web.Response(status=503, text="<html>Service Unavailable</html>")
        if fault.mode == "hang":
            await self._fault_changed.wait()
            raise web.HTTPBadGateway
        try:
            known = self._authenticated(request)
            self._refuse_by_fault(request)
            page = page_of(items_of(known.account), request.query, request.path)
        except StripeRefusal as refusal:
            return self._respond(request, refusal.status, refusal.body)
        return self._respond(request, 200, page)

    async def _get_list(self, request: web.Request) -> web.Response:
        try:
            known = self._authenticated(request)
            self._refuse_by_fault(request)
        except StripeRefusal as refusal:
            return self._respond(request, refusal.status, refusal.body)
        if self._fault.mode == "down":
            return web.Response(status=503, text="<html>Service Unavailable</html>")
        intent = known.account.invoices.get(request.query.get("invoice", ""))
        paid = [{"object": "invoice_payment", "payment": {"type": "payment_intent", "payment_intent": intent}}]
        return self._respond(request, 200, {"object": "list", "data": paid if intent else [], "has_more": False})

    async def _post(
        self, request: web.Request, run: Callable[[FakeAccount, Mapping[str, str]], dict[str, Any]]
    ) -> web.Response:
        form = dict(parse_qsl((await request.read()).decode()))
        if self._fault.mode == "down":
            return self._seen(request, web.Response(status=503, text="<html>Service Unavailable</html>"))
        if self._fault.mode == "hang":
            await self._fault_changed.wait()
            raise web.HTTPBadGateway
        try:
            known = self._authenticated(request)
            self._refuse_by_fault(request)
            status, body, replayed = self._once(request, known, form, run)
        except StripeRefusal as refusal:
            return self._respond(request, refusal.status, refusal.body)
        if self._fault.mode == "lost_answer" and request.transport is not None:
            self._seen(request, web.Response(status=200))
            request.transport.abort()
        return self._respond(request, status, body, replayed=replayed)

    def _once(
        self,
        request: web.Request,
        known: _KnownKey,
        form: Mapping[str, str],
        run: Callable[[FakeAccount, Mapping[str, str]], dict[str, Any]],
    ) -> tuple[int, Mapping[str, Any], bool]:
        """Carry out a request, or return the stored answer to its key."""
        key = request.headers.get("Idempotency-Key", "")
        if key and (stored := known.idempotency.begin(key, request.path, form)) and stored.status:
            return stored.status, stored.body, True
        try:
            status, body = 200, run(known.account, form)
        except StripeRefusal as refusal:
            status, body = refusal.status, refusal.body
        if self._fault.mode == "failing":
            status, body = 500, {"error": {"type": "api_error", "message": "An unknown error occurred"}}
        if key:
            known.idempotency.keep(key, status, body)
        return status, body, False

    def _authenticated(self, request: web.Request) -> _KnownKey:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not _KEY.fullmatch(key):
            raise unauthorised("You did not provide an API key.")
        if key not in self._keys:
            raise unauthorised(f"Invalid API Key provided: {key[:8]}****{key[-4:]}")
        return self._keys[key]

    def _fault_of(self, request: web.Request) -> StripeFault:
        paths = self._fault.paths
        return self._fault if not paths or request.path.startswith(paths) else StripeFault()

    def _refuse_by_fault(self, request: web.Request) -> None:
        mode = self._fault_of(request).mode
        if mode == "throttled":
            raise StripeRefusal(429, "invalid_request_error", "Too many requests", "rate_limit")
        if mode == "forbidden":
            raise StripeRefusal(403, "invalid_request_error", "The key does not have the required permissions")

    def _respond(
        self, request: web.Request, status: int, body: Mapping[str, Any], *, replayed: bool = False
    ) -> web.Response:
        headers = {"Request-Id": f"req_{len(self.requests) + 1}"}
        if status == 429:
            headers["Retry-After"] = str(self._fault.retry_after_seconds)
        if status == 500:
            headers["Stripe-Should-Retry"] = "false"
        if replayed:
            headers["Idempotent-Replayed"] = "true"
        response = web.Response(
            body=orjson.dumps(body), status=status, content_type="application/json", headers=headers
        )
        return self._seen(request, response)

    def _seen(self, request: web.Request, response: web.Response) -> web.Response:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        idempotency_key = request.headers.get("Idempotency-Key", "")
        if request.method == "POST":
            self.requests.append(SeenRequest(key, request.path, idempotency_key, response.status))
        return response

    async def _get_report(self, _: web.Request) -> web.Response:
        accounts = {
            key: [{**each.shown(), "refunds": each.refunds} for each in known.account.payments.values()]
            for key, known in self._keys.items()
        }
        return web.json_response({"mode": self._fault.mode, "accounts": accounts, "requests": len(self.requests)})

    async def _post_mode(self, request: web.Request) -> web.Response:
        self.inject(StripeFault.model_validate_json(await request.read()))
        return web.json_response({"ok": True})

    async def _post_payment(self, request: web.Request) -> web.Response:
        """Add a payment: `{"key": "rk_test_…", "id": "pi_…", "status": "succeeded", "amount": 1250}`."""
        given = await request.json()
        self.account(given.pop("key")).add(given.pop("id"), **given)
        return web.json_response({"ok": True})

    async def _post_events(self, request: web.Request) -> web.Response:
        """Add events and balance transactions: `{"key": "rk_test_…", "events": […], "transactions": […]}`."""
        given = await request.json()
        account = self.account(given["key"])
        account.events += given.get("events", [])
        account.transactions += given.get("transactions", [])
        return web.json_response({"ok": True})


@asynccontextmanager
async def run_fake_stripe(port: int = 0) -> AsyncIterator[FakeStripe]:
    """Listen on 127.0.0.1 while the context is open. Port 0 chooses a free one."""
    fake = FakeStripe()
    runner = web.AppRunner(fake.app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        host, bound = runner.addresses[0][:2]
        fake.base_url = f"http://{host}:{bound}"
        yield fake
    finally:
        fake.inject(StripeFault())
        await runner.cleanup()
