"""Saved views: the filters of a page of the dashboard under a name."""

from typing import Any
from uuid import UUID

from aiohttp import web

from orylo_api.access import audit
from orylo_api.access.authentication import authorise
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Forbidden
from orylo_api.http.route import Route
from orylo_api.views import queries
from orylo_api.views.filters import check_filters
from orylo_api.views.models import SavedView, SavedViewList, SavedViewPath, SavedViewQuery, SavedViewRequest


async def list_saved_views(call: Call[None, SavedViewQuery, None]) -> SavedViewList:
    return SavedViewList(items=await queries.list_views(call.connection, call.principal.id, call.query.page))


async def show_saved_view(call: Call[SavedViewPath, None, None]) -> SavedView:
    return await queries.find_view(call.connection, call.path.id, call.principal.id)


async def add_saved_view(call: Call[None, None, SavedViewRequest]) -> SavedView:
    owner = _checked_owner(call)
    view = await queries.add_view(
        call.connection,
        call.principal.tenant.id,
        call.body,
        owner=owner,
        author=call.principal.name,
        now=call.services.clock.now(),
    )
    await _note(call, "view.add", view, after=_logged(view))
    return view


async def change_saved_view(call: Call[SavedViewPath, None, SavedViewRequest]) -> SavedView:
    before = await _changeable(call)
    view = await queries.change_view(
        call.connection,
        before.id,
        call.body,
        owner=_checked_owner(call),
        author=call.principal.name,
        now=call.services.clock.now(),
    )
    await _note(call, "view.change", view, before=_logged(before), after=_logged(view))
    return view


async def delete_saved_view(call: Call[SavedViewPath, None, None]) -> web.Response:
    view = await _changeable(call)
    await queries.delete_view(call.connection, view.id)
    await _note(call, "view.delete", view, before=_logged(view))
    return web.Response(status=204)


def _checked_owner(call: Call[Any, None, SavedViewRequest]) -> UUID | None:
    """Check the filters and whether the caller may share. Return the owner, or None for a view of the shop."""
    check_filters(call.body.page, call.body.query)
    if not call.body.shared:
        return call.principal.id
    authorise(call.principal, Permission.SHARE_VIEWS)
    return None


async def _changeable(call: Call[SavedViewPath, None, Any]) -> SavedView:
    view = await queries.find_view(call.connection, call.path.id, call.principal.id)
    if view.delivered:
        raise Forbidden("this view comes with Orylo; save one of your own", code="delivered_view")
    if view.shared:
        authorise(call.principal, Permission.SHARE_VIEWS)
    return view


async def _note(call: Call[Any, None, Any], action: str, view: SavedView, **values: dict[str, Any]) -> None:
    await audit.write_change(call, action=action, subject=f"view {view.id}", **values)


def _logged(view: SavedView) -> dict[str, Any]:
    return view.model_dump(mode="json", include={"page", "name", "query", "shared"})


ROUTES = (
    Route(
        "GET",
        "/api/v1/views",
        list_saved_views,
        Permission.READ,
        "Saved views of the dashboard's pages",
        query=SavedViewQuery,
        response=SavedViewList,
        description="Those that come with Orylo, those of the shop, and the caller's own. ",
    ),
    Route(
        "POST",
        "/api/v1/views",
        add_saved_view,
        Permission.SAVE_VIEWS,
        "Save the filters of a page under a name",
        body=SavedViewRequest,
        response=SavedView,
        status=201,
        description="Viewers save views of their own; sharing needs the permission `views.share`. ",
    ),
    Route(
        "GET",
        "/api/v1/views/{id}",
        show_saved_view,
        Permission.READ,
        "One saved view",
        path_values=SavedViewPath,
        response=SavedView,
        description="One's own, the shop's, or one that comes with Orylo. ",
    ),
    Route(
        "PUT",
        "/api/v1/views/{id}",
        change_saved_view,
        Permission.SAVE_VIEWS,
        "Replace a saved view",
        path_values=SavedViewPath,
        body=SavedViewRequest,
        response=SavedView,
        description="A view that comes with Orylo cannot be changed (403 `delivered_view`). ",
        refuses={409},
    ),
    Route(
        "DELETE",
        "/api/v1/views/{id}",
        delete_saved_view,
        Permission.SAVE_VIEWS,
        "Delete a saved view",
        path_values=SavedViewPath,
        status=204,
        description="A view that comes with Orylo cannot be deleted (403 `delivered_view`). ",
    ),
)
