"""The kinds of destinations, and the HTTP session that they share."""

from functools import partial

import aiohttp

from orylo_common.control.plane import ControlPlane
from orylo_common.control.sections.actions import ActionPolicy
from orylo_common.telemetry.http_traces import request_spans
from orylo_dispatch.delivery.sink import SinkKind
from orylo_dispatch.destinations.meta.limits import MAX_AGE
from orylo_dispatch.destinations.meta.sink import MetaConversions
from orylo_dispatch.destinations.stripe.limits import MAX_AGE as MAX_ACTION_AGE
from orylo_dispatch.destinations.stripe.sink import StripeActions
from orylo_dispatch.settings import Settings


def open_session() -> aiohttp.ClientSession:
    # Without a limit of connections, because a destination that hangs must not use up those of another. Without
    # cookies, because tenants share the session.
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar(), trace_configs=request_spans()
    )


def meta(settings: Settings, session: aiohttp.ClientSession) -> SinkKind:
    base_url = f"{settings.meta_base_url}/{settings.meta_api_version}"
    return SinkKind(partial(MetaConversions, session=session, base_url=base_url), max_age=MAX_AGE)


def stripe(settings: Settings, session: aiohttp.ClientSession, plane: ControlPlane) -> SinkKind:
    connect = partial(
        StripeActions,
        session=session,
        base_url=settings.stripe_base_url,
        mode_of=lambda tenant_id: plane.settings(tenant_id, ActionPolicy).on_block,
    )
    return SinkKind(connect, max_age=MAX_ACTION_AGE)
