"""Spans of the HTTP requests that a session of aiohttp sends."""

import re
from types import SimpleNamespace

import aiohttp
from aiohttp import TraceConfig

from orylo_common.telemetry.traces import call_span
from orylo_common.telemetry.tracing import tracing

# A part of a path that identifies something. Versions, such as v26.0, do not.
_IDENTIFYING = re.compile(r"/(?!v\d+(?:\.\d+)?(?:/|$))[^/]*\d[^/]*")


def request_spans() -> list[TraceConfig]:
    """Return the `trace_configs` of a session: none if tracing is off now.

    A span has the path with `{id}` for its ids, and no query, which may hold a token.
    """
    if not tracing():
        return []
    config = TraceConfig()
    config.on_request_start.append(_start)
    config.on_request_end.append(_end)
    config.on_request_exception.append(_fail)
    return [config]


def template_of(path: str) -> str:
    return _IDENTIFYING.sub("/{id}", path)


async def _start(
    session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
) -> None:
    template = template_of(params.url.path)
    attributes = {
        "http.request.method": params.method,
        "server.address": params.url.host,
        "server.port": params.url.port,
        "url.template": template,
    }
    context.opened = call_span(f"{params.method} {template}", **attributes)
    context.span = context.opened.__enter__()


async def _end(session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams) -> None:
    context.span.set_attribute("http.response.status_code", params.response.status)
    context.opened.__exit__(None, None, None)


async def _fail(
    session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestExceptionParams
) -> None:
    error = params.exception
    context.opened.__exit__(type(error), error, error.__traceback__)
