"""Sales reported to destinations."""

from orylo_api.call import Call
from orylo_api.conversions.models import Conversion, ConversionPage, ConversionPath, ConversionQuery
from orylo_api.customers import queries
from orylo_api.errors import NotFound


async def list_conversions(call: Call[None, ConversionQuery, None]) -> ConversionPage:
    items, next_cursor = await queries.list_conversions(call.connection, call.query)
    return ConversionPage(items=items, next_cursor=next_cursor)


async def show_conversion(call: Call[ConversionPath, None, None]) -> Conversion:
    conversion = await queries.find_conversion(call.connection, call.path.id)
    if conversion is None:
        raise NotFound("there is no such conversion")
    return conversion
