"""Sales reported to destinations."""

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.conversions import queries
from orylo_api.conversions.models import Conversion, ConversionDelivery, ConversionPage, ConversionPath, ConversionQuery
from orylo_api.errors import NotFound
from orylo_api.http.route import Route


async def list_conversions(call: Call[None, ConversionQuery, None]) -> ConversionPage:
    items, next_cursor = await queries.list_conversions(call.connection, call.query)
    return ConversionPage(items=items, next_cursor=next_cursor)


async def show_conversion(call: Call[ConversionPath, None, None]) -> Conversion:
    conversion = await queries.find_conversion(call.connection, call.path.id)
    if conversion is None:
        raise NotFound("there is no such conversion")
    return conversion


async def show_delivery(call: Call[ConversionPath, None, None]) -> ConversionDelivery:
    if await queries.find_conversion(call.connection, call.path.id) is None:
        raise NotFound("there is no such conversion")
    delivery = await call.services.dispatch.conversion(call.principal.tenant.id, call.path.id)
    waits = delivery["state"] == "pending" and delivery["started_at"] is None
    return ConversionDelivery.model_validate(delivery | {"next_attempt_at": delivery["due_at"] if waits else None})


ROUTES = (
    Route(
        "GET",
        "/api/v1/conversions",
        list_conversions,
        Permission.READ,
        "Sales reported to destinations, newest first",
        description="A conversion is one sale for one destination. `status=failed` lists those that need a person.",
        query=ConversionQuery,
        response=ConversionPage,
    ),
    Route(
        "GET",
        "/api/v1/conversions/{id}",
        show_conversion,
        Permission.READ,
        "One reported sale",
        description="With the click it is credited to, the attempts to send it, and why it waits.",
        path_values=ConversionPath,
        response=Conversion,
    ),
    Route(
        "GET",
        "/api/v1/conversions/{id}/delivery",
        show_delivery,
        Permission.READ,
        "What is sent of a sale, each attempt with its answer, and when the next one follows",
        description="The event is shown as the destination's API takes it. Identifiers of people in it are hashed.",
        path_values=ConversionPath,
        response=ConversionDelivery,
    ),
)
