"""The gateways that send a tenant's webhooks: settings, secrets, health, and a sample webhook."""

from orylo_api.access import audit
from orylo_api.access.audit import actor_of
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Conflict, Invalid
from orylo_api.gateways import queries
from orylo_api.gateways.models import (
    GatewayBody,
    GatewayConfiguration,
    GatewayList,
    GatewayPath,
    GatewaySecretPath,
    GatewayStats,
    NewSecretBody,
    RetireBody,
    SampleOutcome,
    SecretList,
    ShownSecret,
    StatsQuery,
)
from orylo_api.gateways.samples import missing_secret, try_sample
from orylo_api.gateways.secrets import check_keyring, check_new_label, is_needed, shown_secrets
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Route
from orylo_api.webhooks.models import WebhookState
from orylo_common.control.errors import InvalidChange
from orylo_common.control.gateway_secrets import (
    list_gateway_secrets,
    put_gateway_secret,
    read_newest_secret,
    remove_gateway_secret,
)
from orylo_common.control.gateways import GatewayConfig, find_gateway, set_gateway, set_gateway_with_secret
from orylo_common.control.keyring import WrongMasterKey
from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem
from orylo_common.webhook_signing import WebhookSigner


async def list_gateways(call: Call[None, None, None]) -> GatewayList:
    return GatewayList(items=await queries.list_all(call))


async def show_gateway(call: Call[GatewayPath, None, None]) -> GatewayConfiguration:
    return await queries.show_one(call, call.path.gateway)


async def save_gateway(call: Call[GatewayPath, None, GatewayBody]) -> GatewayConfiguration:
    connection, tenant_id, name, body = call.connection, call.principal.tenant.id, call.path.gateway, call.body
    config = GatewayConfig(body.enabled, body.mode, frozenset(body.accept), tuple(body.allowed_networks), body.timezone)
    current = await find_gateway(connection, tenant_id, name)
    if current is None and body.secret is None:
        error = FieldProblem(field="body.secret", message="is needed to set up the gateway")
        raise Invalid(f"{name} is not set up yet", [error])
    try:
        if body.secret is None:
            await set_gateway(connection, tenant_id, name, config, actor=actor_of(call))
        else:
            await check_keyring(connection, call.services.keyring)
            await _check_room(call, body.secret.label)
            await set_gateway_with_secret(
                connection,
                call.services.keyring,
                tenant_id,
                name,
                config,
                label=body.secret.label,
                secret=body.secret.secret.get_secret_value(),
                actor=actor_of(call),
            )
    except InvalidChange as invalid:
        field = "body.timezone" if "zone" in str(invalid) else "body.allowed_networks"
        raise Invalid("the gateway is not saved", [FieldProblem(field=field, message=str(invalid))]) from None
    return queries.configuration(call, name, config)


async def _check_room(call: Call[GatewayPath, None, GatewayBody], label: str) -> None:
    known = await list_gateway_secrets(call.connection, call.principal.tenant.id, call.path.gateway)
    if label not in {each.label for each in known}:
        check_new_label(known, label)


async def list_secrets(call: Call[GatewayPath, None, None]) -> SecretList:
    secrets = await list_gateway_secrets(call.connection, call.principal.tenant.id, call.path.gateway)
    return SecretList(items=shown_secrets(secrets))


async def save_secret(call: Call[GatewayPath, None, NewSecretBody]) -> ShownSecret:
    connection, tenant_id, name, label = call.connection, call.principal.tenant.id, call.path.gateway, call.body.label
    await queries.lock_gateway(call, name)
    check_new_label(await list_gateway_secrets(connection, tenant_id, name), label)
    await check_keyring(connection, call.services.keyring)
    await put_gateway_secret(
        connection,
        call.services.keyring,
        tenant_id,
        name,
        label=label,
        secret=call.body.secret.get_secret_value(),
        actor=actor_of(call),
    )
    stored = shown_secrets(await list_gateway_secrets(connection, tenant_id, name))
    return next(each for each in stored if each.label == label)


async def retire_secret(call: Call[GatewaySecretPath, None, RetireBody]) -> SecretList:
    connection, tenant_id, name, label = call.connection, call.principal.tenant.id, call.path.gateway, call.path.label
    await queries.lock_gateway(call, name)
    secrets = await list_gateway_secrets(connection, tenant_id, name)
    if label not in {each.label for each in secrets}:
        raise queries.unknown_secret()
    config = await find_gateway(connection, tenant_id, name)
    if not call.body.force and config is not None and config.enabled and is_needed(secrets, label):
        raise Conflict(
            "webhooks authenticate with this secret only: add another, use it at the gateway, and retire this one "
            "once the other was used; or retire it with `force`, and all webhooks are rejected until then",
            code="secret_in_use",
        )
    await remove_gateway_secret(connection, tenant_id, name, label=label, actor=actor_of(call))
    return SecretList(items=shown_secrets([each for each in secrets if each.label != label]))


async def show_gateway_stats(call: Call[GatewayPath, StatsQuery, None]) -> GatewayStats:
    return await queries.read_stats(call, call.path.gateway, call.query)


async def send_sample_webhook(call: Call[GatewayPath, None, None]) -> SampleOutcome:
    """Send a sample through ingest's public port, as the gateway would."""
    services, tenant, name = call.services, call.principal.tenant, call.path.gateway
    config = await find_gateway(call.connection, tenant.id, name)
    try:
        secret = await read_newest_secret(call.connection, services.keyring, tenant.id, name)
    except WrongMasterKey as error:
        raise TransientError("ORYLO_MASTER_KEY of the API does not decrypt the gateway's secret") from error
    if config is None or secret is None:
        raise missing_secret()
    signer = WebhookSigner(name, secret, config.mode)
    outcome = await try_sample(services.http, services.settings.ingest_url, tenant.slug, signer, services.clock.now())
    await audit.write_change(call, action="gateway.sample", subject=f"gateway {name}", after={"status": outcome.status})
    return await _with_state(call, outcome)


async def _with_state(call: Call[GatewayPath, None, None], outcome: SampleOutcome) -> SampleOutcome:
    if outcome.webhook_id is None:
        return outcome
    try:
        found = await call.services.ingest.find_webhook(call.principal.tenant.id, outcome.webhook_id)
    except (TransientError, HTTPProblem):
        return outcome
    state = WebhookState.ACCEPTED if found["status"] == "published" else WebhookState(found["status"])
    return outcome.model_copy(update={"state": state, "reason": found["reason"], "payment_id": found["payment_id"]})


ROUTES = (
    Route(
        "GET",
        "/api/v1/gateways",
        list_gateways,
        Permission.READ,
        "All gateways with their secrets and health",
        response=GatewayList,
        description="Also those that are not set up, with the URL to paste into the gateway's panel.",
    ),
    Route(
        "GET",
        "/api/v1/gateways/{gateway}",
        show_gateway,
        Permission.READ,
        "The configuration of a gateway",
        path_values=GatewayPath,
        response=GatewayConfiguration,
        description="Its ETag changes with the configuration only, for `If-Match` of the PUT.",
    ),
    Route(
        "PUT",
        "/api/v1/gateways/{gateway}",
        save_gateway,
        Permission.CHANGE_GATEWAYS,
        "Set up a gateway, or change its configuration",
        path_values=GatewayPath,
        body=GatewayBody,
        response=GatewayConfiguration,
        description="Ingest follows within a second. A gateway that is switched off gets 404; Stripe retries for "
        "three days. ",
        refuses={409},
    ),
    Route(
        "GET",
        "/api/v1/gateways/{gateway}/secrets",
        list_secrets,
        Permission.READ,
        "The secrets of a gateway, without their values",
        path_values=GatewayPath,
        response=SecretList,
        description="All of them authenticate webhooks, which lets one be rotated.",
    ),
    Route(
        "POST",
        "/api/v1/gateways/{gateway}/secrets",
        save_secret,
        Permission.CHANGE_GATEWAYS,
        "Add a secret to a gateway",
        path_values=GatewayPath,
        body=NewSecretBody,
        response=ShownSecret,
        status=201,
        description="The existing secrets stay active. The value is stored encrypted and never shown. ",
    ),
    Route(
        "POST",
        "/api/v1/gateways/{gateway}/secrets/{label}/retire",
        retire_secret,
        Permission.CHANGE_GATEWAYS,
        "Retire a secret of a gateway",
        path_values=GatewaySecretPath,
        body=RetireBody,
        response=SecretList,
        description="Webhooks that are signed with it are rejected from then on. ",
    ),
    Route(
        "GET",
        "/api/v1/gateways/{gateway}/stats",
        show_gateway_stats,
        Permission.READ,
        "The webhooks of a gateway by hour and outcome",
        path_values=GatewayPath,
        query=StatsQuery,
        response=GatewayStats,
        description="Counts are kept for 90 days.",
    ),
    Route(
        "POST",
        "/api/v1/gateways/{gateway}/sample",
        send_sample_webhook,
        Permission.CHANGE_GATEWAYS,
        "Send a sample webhook through ingest",
        path_values=GatewayPath,
        response=SampleOutcome,
        description="A sale that is marked as a test: it is shown, and counts nowhere. It is signed with the newest "
        "secret, and sent to ingest as the gateway sends its webhooks. ",
    ),
)
