"""Sales reported to destinations as a file, which a job writes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import Field

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.conversions.models import Conversion, ConversionFilters
from orylo_api.conversions.queries import list_conversions
from orylo_api.exports.job import kind_of, start_export
from orylo_api.exports.models import EXPORT, ExportRequest
from orylo_api.exports.source import ExportSource
from orylo_api.http.fields import PageQuery
from orylo_api.http.route import Route
from orylo_api.jobs.models import Job
from orylo_common.postgres.pool import Connection

# Amounts are in the currency's minor unit, as everywhere in the API.
COLUMNS: Mapping[str, Callable[[Conversion], Any]] = {
    "conversion_id": lambda conversion: conversion.id,
    "event_id": lambda conversion: conversion.event_id,
    "payment_id": lambda conversion: conversion.payment_id,
    "destination": lambda conversion: conversion.destination,
    "destination_id": lambda conversion: conversion.destination_id,
    "event_name": lambda conversion: conversion.event_name,
    "status": lambda conversion: conversion.status,
    "reason": lambda conversion: conversion.reason,
    "code": lambda conversion: conversion.code,
    "correction": lambda conversion: conversion.correction,
    "attempts": lambda conversion: conversion.attempts,
    "amount_minor": lambda conversion: conversion.amount_minor,
    "currency": lambda conversion: conversion.currency,
    "match_method": lambda conversion: conversion.match.method,
    "match_confidence": lambda conversion: conversion.match.confidence,
    "click_id": lambda conversion: conversion.match.click_id,
    "created_at": lambda conversion: conversion.created_at,
    "updated_at": lambda conversion: conversion.updated_at,
}


class ConversionExport(ExportRequest):
    filter: ConversionFilters = Field(default_factory=ConversionFilters, description="as of the list of conversions")


async def _read(
    connection: Connection, _tenant_id: UUID, filters: ConversionFilters, page: PageQuery
) -> tuple[Sequence[Conversion], str | None]:
    return await list_conversions(connection, filters, page)


CONVERSIONS = ExportSource("conversions", Permission.READ, ConversionFilters, COLUMNS, _read)
CONVERSION_EXPORT = kind_of(CONVERSIONS)


async def start_conversion_export(call: Call[None, None, ConversionExport]) -> Job:
    return await start_export(call, CONVERSIONS, call.body)


ROUTES = (
    Route(
        "POST",
        "/api/v1/conversions/export",
        start_conversion_export,
        CONVERSIONS.permission,
        "Export reported sales in a job, with the filters of the list",
        body=ConversionExport,
        response=Job,
        status=202,
        refuses={429},
        description=EXPORT,
    ),
)
