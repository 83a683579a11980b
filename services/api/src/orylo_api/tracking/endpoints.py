"""The tracking script on the merchant's pages: a check of one page, and the visits that were reported."""

import asyncio

from yarl import URL

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Invalid
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Route
from orylo_api.tracking import queries
from orylo_api.tracking.models import (
    TrackingCheck,
    TrackingCheckBody,
    TrackingProblem,
    TrackingProblemCode,
    TrackingQuery,
    TrackingStats,
)
from orylo_api.tracking.page_addresses import ForbiddenPage
from orylo_api.tracking.page_check import check_page
from orylo_api.tracking.page_fetching import PageUnreachable, fetch_page


async def check_tracking(call: Call[None, None, TrackingCheckBody]) -> TrackingCheck:
    settings, tenant = call.services.settings, call.principal.tenant
    host = URL(settings.webhook_base_url).host if settings.webhook_base_url else None
    try:
        async with call.services.page_turns.turn(tenant.id):
            page = await fetch_page(call.body.url, allow_loopback=settings.api_checks_loopback_pages)
            # In a thread: a page may be made so that reading it takes seconds.
            return await asyncio.to_thread(check_page, page, frozenset({tenant.slug, str(tenant.id)}), host)
    except ForbiddenPage as forbidden:
        raise Invalid("the page is not fetched", [FieldProblem(field="body.url", message=str(forbidden))]) from None
    except PageUnreachable as unreachable:
        detail = f"The page cannot be fetched: {unreachable}."
        problem = TrackingProblem(code=TrackingProblemCode.PAGE_UNAVAILABLE, detail=detail)
        return TrackingCheck(
            url=call.body.url, status=None, found=False, script_url=None, tenant=None, problems=[problem]
        )


async def show_tracking_stats(call: Call[None, TrackingQuery, None]) -> TrackingStats:
    return await queries.read_stats(call.connection, call.services.clock.now(), call.query.days)


ROUTES = (
    Route(
        "POST",
        "/api/v1/tracking/check",
        check_tracking,
        Permission.CHECK_TRACKING,
        "Check the tracking script of a page",
        body=TrackingCheckBody,
        response=TrackingCheck,
        description="The server fetches the page, at most 1 MiB of it, and looks for the script, its shop, and a "
        "policy that forbids it. Pages in private networks are refused. ",
        # It holds no connection to the database while it waits for the page.
        private=True,
    ),
    Route(
        "GET",
        "/api/v1/tracking/stats",
        show_tracking_stats,
        Permission.READ,
        "Visits that the tracking script reported, by day",
        query=TrackingQuery,
        response=TrackingStats,
        description="Visits, those with Meta's click id, checkouts and leads; and the shares of visits with and "
        "without the visitor's consent.",
    ),
)
