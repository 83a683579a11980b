"""The first steps of a shop."""

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.http.route import Route
from orylo_api.onboarding import queries
from orylo_api.onboarding.models import Onboarding, OnboardingChoices
from orylo_api.onboarding.steps import onboarding


async def show_onboarding(call: Call[None, None, None]) -> Onboarding:
    return await _read(call)


async def save_onboarding(call: Call[None, None, OnboardingChoices]) -> Onboarding:
    await queries.save_choices(call.connection, call.principal.tenant.id, call.principal.id, call.body)
    return await _read(call)


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
)
