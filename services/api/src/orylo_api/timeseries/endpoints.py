"""Figures over time."""

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.http.route import Route
from orylo_api.timeseries.models import TimeSeries, TimeSeriesQuery
from orylo_api.timeseries.reading import read_time_series


async def show_time_series(call: Call[None, TimeSeriesQuery, None]) -> TimeSeries:
    return await read_time_series(call.connection, call.query, call.services.clock.now())


ROUTES = (
    Route(
        "GET",
        "/api/v1/timeseries",
        show_time_series,
        Permission.READ,
        "Metrics over time, by minute, hour or day",
        description=(
            "Days and hours are those of `timezone`. Payments count at the time of payment, or when they were created "
            "if they were not paid, so a refund or dispute changes the point of its payment."
        ),
        query=TimeSeriesQuery,
        response=TimeSeries,
    ),
)
