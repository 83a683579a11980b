"""Meta's endpoints, and `/__control` to inspect and change the fake."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from pydantic import ValidationError

from orylo_cli.demo.fake_meta.dataset import Dataset
from orylo_cli.demo.fake_meta.errors import MetaError, invalid_parameter, trace_id
from orylo_cli.demo.fake_meta.faults import InjectedFault
from orylo_cli.demo.fake_meta.validation import check_count, check_event
from orylo_common.http.addresses import names_loopback

MAX_BODY = 1_048_576


class FakeMeta:
    """A fake Meta. `base_url` is set while it runs."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.base_url = ""
        self.datasets: defaultdict[str, Dataset] = defaultdict(Dataset)
        self._now = now
        self._faults: dict[str | None, InjectedFault] = {}
        self._fault_changed = asyncio.Event()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY, middlewares=[_refuse_other_sites])
        app.add_routes(
            [
                web.get("/__control", self._get_report),
                web.post("/__control/mode", self._post_mode),
                web.post("/__control/reset", self._post_reset),
                web.post("/{version}/{dataset_id}/events", self._post_events),
                web.get("/{version}/debug_token", self._get_debug_token),
                web.get("/{version}/dataset_quality", self._get_quality),
                web.get("/{version}/{dataset_id}", self._get_dataset),
            ]
        )
        return app

    def inject(self, fault: InjectedFault) -> None:
        self._faults[fault.dataset_id] = fault
        self._fault_changed.set()
        self._fault_changed = asyncio.Event()

    def reset(self) -> None:
        self.datasets.clear()
        self._faults.clear()
        self.inject(InjectedFault())

    def report(self) -> dict[str, Any]:
        datasets = {dataset_id: dataset.report() for dataset_id, dataset in self.datasets.items()}
        totals = {
            name: sum(dataset[name] for dataset in datasets.values())
            for name in ("requests", "refused_requests", "received", "unique")
        }
        return {
            "modes": [fault.model_dump(mode="json") for fault in self._faults.values()],
            **totals,
            "datasets": datasets,
        }

    async def _post_events(self, request: web.Request) -> web.Response:
        dataset_id = request.match_info["dataset_id"]
        dataset, fault = self.datasets[dataset_id], self._fault(dataset_id)
        dataset.requests += 1
        body = await request.read()
        if fault.mode == "down":
            dataset.refused_requests += 1
            return _down(fault)
        if fault.mode == "hang":
            await self._fault_changed.wait()
            raise web.HTTPBadGateway
        try:
            fields = _fields(request, body)
            events = self._checked(request, fields, fault)
        except MetaError as error:
            dataset.refused_requests += 1
            return _respond(error.body(), error.status, fault.rate_headers() if fault.mode == "throttled" else None)
        dataset.accept(events, self._now(), fields.get("test_event_code"))
        if fault.latency_ms:
            await asyncio.sleep(fault.latency_ms / 1000)
        return _respond({"events_received": len(events), "messages": [], "fbtrace_id": trace_id()})

    async def _get_dataset(self, request: web.Request) -> web.Response:
        dataset_id = request.match_info["dataset_id"]
        return self._answer(request, self._fault(dataset_id), lambda _: {"id": dataset_id})

    async def _get_quality(self, request: web.Request) -> web.Response:
        """Answer for the events received, as Meta does a while later. A score needs some of them."""
        dataset_id = request.query.get("dataset_id", "")

        def quality(fault: InjectedFault) -> Mapping[str, Any]:
            if not dataset_id.isdecimal() or not request.query.get("fields", "").startswith("web{"):
                raise invalid_parameter("Invalid parameter")
            if fault.mode == "no_quality":
                raise MetaError(403, 200, "(#200) Provide valid app ID")
            return {"web": self.datasets[dataset_id].quality()}

        return self._answer(request, self._fault(dataset_id), quality)

    async def _get_debug_token(self, request: web.Request) -> web.Response:
        """Answer for the token itself, as Meta does. The fault of all datasets applies: a token names no dataset."""

        def token(fault: InjectedFault) -> Mapping[str, Any]:
            return {"data": {"type": "USER", "is_valid": True, "expires_at": fault.token_expires_at}}

        return self._answer(request, self._fault(None), token)

    def _answer(
        self, request: web.Request, fault: InjectedFault, answer: Callable[[InjectedFault], Mapping[str, Any]]
    ) -> web.Response:
        """Answer a request that reads, or fail as the fault says."""
        if fault.mode == "down":
            return _down(fault)
        try:
            self._check_access(request, {}, fault)
            return _respond(answer(fault))
        except MetaError as error:
            return _respond(error.body(), error.status)

    def _checked(
        self, request: web.Request, fields: Mapping[str, Any], fault: InjectedFault
    ) -> Sequence[Mapping[str, Any]]:
        self._check_access(request, fields, fault)
        events = check_count(fields.get("data"))
        now = self._now()
        for index, event in enumerate(events):
            check_event(event, index, now)
            rejection = fault.rejection(event.get("event_id"))
            if rejection is not None:
                raise rejection
        return events

    def _check_access(self, request: web.Request, fields: Mapping[str, Any], fault: InjectedFault) -> None:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not (bearer or request.query.get("access_token") or fields.get("access_token")):
            raise MetaError(401, 190, "An access token is required to request this resource")
        error = fault.error()
        if error is not None:
            raise error

    def _fault(self, dataset_id: str | None) -> InjectedFault:
        return self._faults.get(dataset_id) or self._faults.get(None) or InjectedFault()

    async def _get_report(self, _: web.Request) -> web.Response:
        return _respond(self.report())

    async def _post_mode(self, request: web.Request) -> web.Response:
        try:
            self.inject(InjectedFault.model_validate_json(await request.read()))
        except ValidationError as invalid:
            return _respond({"error": invalid.errors(include_input=False, include_url=False)}, 422)
        return _respond({"ok": True})

    async def _post_reset(self, _: web.Request) -> web.Response:
        self.reset()
        return _respond({"ok": True})


@web.middleware
async def _refuse_other_sites(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep web pages from `/__control`: a browser names their origin, or reaches this server under another name."""
    if request.path.startswith("/__control"):
        if hdrs.ORIGIN in request.headers or not names_loopback(request.host):
            raise web.HTTPForbidden
        if request.body_exists and request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
    return await handler(request)


def _fields(request: web.Request, body: bytes) -> Mapping[str, Any]:
    """Return the fields of a JSON body, or of the form with embedded JSON that Meta's SDKs send."""
    try:
        if request.content_type == "application/json":
            fields = orjson.loads(body)
        else:
            fields = dict(parse_qsl(body.decode()))
            fields["data"] = [
                orjson.loads(event) if isinstance(event, str) else event for event in orjson.loads(fields["data"])
            ]
    except (KeyError, ValueError):
        raise invalid_parameter("Invalid parameter") from None
    if not isinstance(fields, dict):
        raise invalid_parameter("Invalid parameter")
    return fields


def _down(fault: InjectedFault) -> web.Response:
    return web.Response(status=fault.status, text="<html><body>Sorry, something went wrong.</body></html>")


def _respond(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        body=orjson.dumps(body), status=status, headers=headers, content_type="application/json", charset="utf-8"
    )


@asynccontextmanager
async def run_fake_meta(port: int = 0, now: Callable[[], float] = time.time) -> AsyncIterator[FakeMeta]:
    """Run a fake Meta on the loopback interface. Port 0 chooses a free one."""
    fake = FakeMeta(now)
    runner = web.AppRunner(fake.app(), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        host, bound = runner.addresses[0][:2]
        fake.base_url = f"http://{host}:{bound}"
        yield fake
    finally:
        await runner.cleanup()
