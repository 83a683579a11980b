"""The ad platforms that sales are reported to, and the payment provider that acts on blocked payments."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from orylo_api.access.audit import actor_of, write_change
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.destinations import queries
from orylo_api.destinations.models import (
    ConfiguredDestination,
    DestinationActivity,
    DestinationAnswer,
    DestinationBody,
    DestinationChangeBody,
    DestinationList,
    DestinationPath,
    DestinationQuality,
    DestinationTestAnswer,
    DestinationTestBody,
    check_config,
    check_token,
)
from orylo_api.errors import Conflict, Invalid, NotFound, TooManyChecks
from orylo_api.http.route import Route
from orylo_common.control import destinations as control
from orylo_common.control.destination_config import MetaConfig
from orylo_common.control.errors import InvalidChange

CHECK_RETRY = timedelta(seconds=5)


async def list_destinations(call: Call[None, None, None]) -> DestinationList:
    return await queries.list_destinations(call.connection)


async def show_destination(call: Call[DestinationPath, None, None]) -> ConfiguredDestination:
    return _shown(await _find(call))


async def add_destination(call: Call[None, None, DestinationBody]) -> ConfiguredDestination:
    body = call.body
    try:
        created = await control.create_destination(
            call.connection,
            call.services.keyring,
            call.principal.tenant.id,
            body.kind,
            name=body.name,
            config=_stored(body.config),
            secret=body.token.get_secret_value(),
            actor=actor_of(call),
        )
    except InvalidChange as error:
        raise Conflict(str(error), code="destination_exists") from None
    return _shown(created)


async def change_destination(call: Call[DestinationPath, None, DestinationChangeBody]) -> ConfiguredDestination:
    body, known = call.body, await _find(call, for_update=True)
    secret = None if body.token is None else body.token.get_secret_value()
    try:
        check_config(known.kind, body.config)
        if secret is not None:
            check_token(known.kind, secret)
    except ValueError as error:
        raise Invalid(str(error), []) from None
    changed = await control.change_destination(
        call.connection,
        call.services.keyring,
        call.principal.tenant.id,
        known,
        config=_stored(body.config),
        enabled=body.enabled,
        secret=secret,
        actor=actor_of(call),
    )
    return _shown(changed)


async def show_activity(call: Call[DestinationPath, None, None]) -> DestinationActivity:
    await _find(call)
    return await queries.read_activity(call.connection, call.path.id, call.services.clock.now())


async def probe(call: Call[DestinationPath, None, None]) -> DestinationAnswer:
    known = await _find(call)
    await write_change(call, action="destination.probe", subject=known.subject)
    async with _turn(call):
        answer = await call.services.dispatch.probe(call.principal.tenant.id, known.id)
    return DestinationAnswer(**_answered(answer))


async def show_match_quality(call: Call[DestinationPath, None, None]) -> DestinationQuality:
    known = await _find(call)
    async with _turn(call):
        report = await call.services.dispatch.quality(call.principal.tenant.id, known.id)
    refusal = report["refusal"]
    return DestinationQuality.model_validate(report | {"refusal": refusal and _answered(refusal)})


async def send_test_event(call: Call[DestinationPath, None, DestinationTestBody]) -> DestinationTestAnswer:
    known = await _find(call)
    await write_change(call, action="destination.test", subject=known.subject)
    async with _turn(call):
        answer = await call.services.dispatch.send_test(call.principal.tenant.id, known.id, call.body.test_event_code)
    return DestinationTestAnswer(**_answered(answer))


@asynccontextmanager
async def _turn(call: Call[Any, Any, Any]) -> AsyncIterator[None]:
    """Refuse a check rather than queue it: each holds a connection of the pool while it waits for an answer."""
    turns, tenant_id = call.services.check_turns, call.principal.tenant.id
    if turns.must_wait(tenant_id):
        raise TooManyChecks("other checks of destinations are in progress", CHECK_RETRY)
    async with turns.turn(tenant_id):
        yield


async def _find(call: Call[DestinationPath, Any, Any], *, for_update: bool = False) -> control.StoredDestination:
    known = await control.find_destination(
        call.connection, call.principal.tenant.id, call.path.id, for_update=for_update
    )
    if known is None:
        raise NotFound("there is no such destination")
    return known


def _shown(destination: control.StoredDestination) -> ConfiguredDestination:
    return ConfiguredDestination.model_validate(destination, from_attributes=True)


def _stored(config: MetaConfig | None) -> dict[str, Any]:
    return {} if config is None else config.model_dump(exclude_none=True)


def _answered(answer: dict[str, Any]) -> dict[str, Any]:
    return answer | {"accepted": answer["outcome"] == "dispatched"}


ROUTES = (
    Route(
        "GET",
        "/api/v1/destinations",
        list_destinations,
        Permission.READ,
        "Destinations, oldest first, and whether they are sent to",
        description="All of the tenant's destinations. Conversions wait, and are kept, in every status but `active`.",
        response=DestinationList,
    ),
    Route(
        "POST",
        "/api/v1/destinations",
        add_destination,
        Permission.CHANGE_DESTINATIONS,
        "Add a destination. The next sale is sent to it",
        description="`meta` reports sales to a dataset of Meta's Conversions API. `stripe` cancels or refunds blocked "
        "payments, once the section `actions` of the settings says so. A tenant has each `name` of a kind once.",
        body=DestinationBody,
        response=ConfiguredDestination,
        status=201,
    ),
    Route(
        "GET",
        "/api/v1/destinations/{id}",
        show_destination,
        Permission.READ,
        "One destination as it is configured, without its token",
        description="`GET /api/v1/destinations` shows whether it is sent to.",
        path_values=DestinationPath,
        response=ConfiguredDestination,
    ),
    Route(
        "PUT",
        "/api/v1/destinations/{id}",
        change_destination,
        Permission.CHANGE_DESTINATIONS,
        "Change, disable or enable a destination",
        description="A destination on hold is tried again at once.",
        path_values=DestinationPath,
        body=DestinationChangeBody,
        response=ConfiguredDestination,
    ),
    Route(
        "GET",
        "/api/v1/destinations/{id}/activity",
        show_activity,
        Permission.READ,
        "Whether a destination's conversions arrive",
        description="Counts conversions created within the last 24 hours, and all that wait.",
        path_values=DestinationPath,
        response=DestinationActivity,
    ),
    Route(
        "GET",
        "/api/v1/destinations/{id}/quality",
        show_match_quality,
        Permission.READ,
        "How well Meta says that it matches the conversions",
        description="Meta's own figures, from its Dataset Quality API: the match quality of each event, the keys that "
        "identify buyers, deduplication with the browser, and freshness. `stripe` has none (409).",
        path_values=DestinationPath,
        response=DestinationQuality,
        refuses={409, 429},
    ),
    Route(
        "POST",
        "/api/v1/destinations/{id}/probe",
        probe,
        Permission.CHECK_DESTINATIONS,
        "Check the token and the configuration now, without sending anything",
        description="If the destination accepts them and was on hold, its conversions are sent again at once.",
        path_values=DestinationPath,
        response=DestinationAnswer,
        refuses={429},
    ),
    Route(
        "POST",
        "/api/v1/destinations/{id}/test",
        send_test_event,
        Permission.CHANGE_DESTINATIONS,
        "Send a test event to Meta",
        description="A sale of 0.01 USD by test@example.com. Meta shows it under “Test events”, by its test event "
        "code, and counts it as well. Refused without any code.",
        path_values=DestinationPath,
        body=DestinationTestBody,
        response=DestinationTestAnswer,
        refuses={429},
    ),
)
