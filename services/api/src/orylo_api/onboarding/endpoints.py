"""The first steps of a shop, and its sample data."""

from aiohttp import web

from orylo_api.access.audit import write_change
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.http.route import Route
from orylo_api.onboarding import queries
from orylo_api.onboarding.models import Onboarding, OnboardingChoices, SampleData
from orylo_api.onboarding.steps import onboarding


async def show_onboarding(call: Call[None, None, None]) -> Onboarding:
    return await _read(call)


async def save_onboarding(call: Call[None, None, OnboardingChoices]) -> Onboarding:
    await queries.save_choices(call.connection, call.principal.tenant.id, call.principal.id, call.body)
    return await _read(call)


async def show_sample_data(call: Call[None, None, None]) -> SampleData:
    return SampleData(sales=await queries.count_sample_sales(call.connection))


async def add_sample_data(call: Call[None, None, None]) -> SampleData:
    await queries.insert_sample_sales(call.connection, call.principal.tenant.id, call.services.clock.now())
    await write_change(call, action="sample_data.add", subject="sample data")
    return await show_sample_data(call)


async def remove_sample_data(call: Call[None, None, None]) -> web.Response:
    await queries.delete_sample_sales(call.connection)
    await write_change(call, action="sample_data.remove", subject="sample data")
    return web.Response(status=204)


async def _read(call: Call[None, None, OnboardingChoices] | Call[None, None, None]) -> Onboarding:
    facts = await queries.read_facts(call.connection, call.services.private_pool, call.principal.tenant.id)
    return onboarding(facts, await queries.read_choices(call.connection, call.principal.id))


ROUTES = (
    Route(
        "GET",
        "/api/v1/onboarding",
        show_onboarding,
        Permission.READ,
        "The first steps of a shop, ticked by facts",
        response=Onboarding,
        description="A gateway's first payment, samples left out, the first sale, the first reported conversion, the "
        "first visit, a second user with a second factor.",
    ),
    Route(
        "PUT",
        "/api/v1/onboarding",
        save_onboarding,
        Permission.READ,
        "Skip steps, or dismiss them all, for the caller",
        body=OnboardingChoices,
        response=Onboarding,
        description="Only for the caller's own view. No choice ticks a step.",
    ),
    Route(
        "GET",
        "/api/v1/onboarding/sample-data",
        show_sample_data,
        Permission.READ,
        "Whether sample sales are shown",
        response=SampleData,
        description="Sample sales show what the pages look like before the first sale.",
    ),
    Route(
        "PUT",
        "/api/v1/onboarding/sample-data",
        add_sample_data,
        Permission.CHANGE_GATEWAYS,
        "Show sample sales",
        response=SampleData,
        description="Adds sales of the last hours with their decisions, marked as tests. They are seen by all users of "
        "the shop, count in no sum, reach no destination, tick no step and take no verdict. If they are shown already, "
        "newer ones replace them. ",
    ),
    Route(
        "DELETE",
        "/api/v1/onboarding/sample-data",
        remove_sample_data,
        Permission.CHANGE_GATEWAYS,
        "Remove the sample sales",
        status=204,
        description="Removes them with their decisions; notes on them are kept. Without sample sales it does nothing. ",
    ),
)
