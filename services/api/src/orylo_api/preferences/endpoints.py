"""The signed-in user's own preferences."""

from typing import Any

from orylo_api.access.audit import write_change
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Forbidden
from orylo_api.http.route import Route
from orylo_api.preferences.models import EffectivePreferences, Preferences, PreferencesBody
from orylo_common.control.sections.shop import ShopSettings
from orylo_common.control.sections.store import read_section

SELECT_PREFERENCES = "SELECT value FROM api.user_preferences WHERE tenant_id = $1 AND user_id = $2"
UPSERT_PREFERENCES = """
    INSERT INTO api.user_preferences (tenant_id, user_id, value, updated_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id, user_id) DO UPDATE SET value = EXCLUDED.value, updated_at = EXCLUDED.updated_at
"""


async def show_preferences(call: Call[None, None, None]) -> Preferences:
    return await _shown(call, PreferencesBody.model_validate(await _stored(call)))


async def change_preferences(call: Call[None, None, PreferencesBody]) -> Preferences:
    user, before = call.principal, await _stored(call)
    after = call.body.model_dump(mode="json", exclude_defaults=True)
    if after != before:
        now = call.services.clock.now()
        await call.connection.execute(UPSERT_PREFERENCES, user.tenant.id, user.id, after, now)
        await write_change(call, action="preferences.set", subject=f"user {user.id}", before=before, after=after)
    return await _shown(call, call.body)


async def _stored(call: Call[None, None, Any]) -> dict[str, Any]:
    if call.principal.kind != "user":
        raise Forbidden("only users have preferences, and this is an API key")
    user = call.principal
    stored: dict[str, Any] | None = await call.connection.fetchval(SELECT_PREFERENCES, user.tenant.id, user.id)
    return stored or {}


async def _shown(call: Call[None, None, Any], chosen: PreferencesBody) -> Preferences:
    shop = await read_section(call.connection, call.principal.tenant.id, ShopSettings)
    return Preferences(
        **chosen.model_dump(),
        effective=EffectivePreferences(
            language=chosen.language or shop.language, timezone=chosen.timezone or shop.timezone
        ),
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/me/preferences",
        show_preferences,
        Permission.READ,
        "The caller's preferences",
        response=Preferences,
        description="For users; an API key has none.",
    ),
    Route(
        "PUT",
        "/api/v1/me/preferences",
        change_preferences,
        Permission.READ,
        "Replace the caller's preferences",
        body=PreferencesBody,
        response=Preferences,
        description="For users; an API key has none.",
    ),
)
