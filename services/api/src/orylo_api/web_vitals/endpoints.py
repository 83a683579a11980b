"""The dashboard's speed as its users have it. Only histograms are kept: no user, no tenant, no address."""

from functools import cache

from aiohttp import web

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.http.dashboard import STATIC, read_pages
from orylo_api.http.route import Route
from orylo_api.metrics import LAYOUT_SHIFT, WEB_VITAL_SECONDS
from orylo_api.web_vitals.models import WebVitalsBody

OTHER = "other"


async def report_web_vitals(call: Call[None, None, WebVitalsBody]) -> web.Response:
    services = call.services
    services.vitals_limit.count(call.principal.id, services.clock.now())
    # The label is one of a fixed set, whatever the browser sends.
    page = call.body.page if call.body.page in _pages() else OTHER
    for vital in call.body.vitals:
        if vital.name == "CLS":
            LAYOUT_SHIFT.labels(page).observe(vital.value)
        else:
            WEB_VITAL_SECONDS.labels(vital.name, page).observe(vital.value / 1000)
    return web.Response(status=204)


@cache
def _pages() -> frozenset[str]:
    return frozenset(read_pages(STATIC))


ROUTES = (
    Route(
        "POST",
        "/api/v1/web-vitals",
        report_web_vitals,
        Permission.READ,
        "Report how fast a page of the dashboard was",
        body=WebVitalsBody,
        status=204,
        description="The dashboard sends it when a page is left. It becomes the histograms `orylo_web_vital_seconds` "
        "and `orylo_web_layout_shift` of `/metrics`, by page; nothing else is kept. At most 30 a minute and user.",
        # It needs no transaction, and has no effect to repeat.
        private=True,
        serves_in_maintenance=True,
        refuses=frozenset({429}),
    ),
)
