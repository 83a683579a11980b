"""The caller's own open sessions: list them, end one, end all others."""

from typing import Any

from aiohttp import web

from orylo_api.access.audit import write_line
from orylo_api.access.identity import Principal
from orylo_api.access.models import EndedSessions, OpenSession, OpenSessions, SessionPath
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Forbidden, NotFound
from orylo_api.http.route import Route

# A refresh marks the old refresh token as used at the moment at which it issues the new tokens.
SELECT_OPEN = """
    SELECT s.id, s.created_at, s.expires_at, s.address, s.user_agent,
           coalesce(
               (SELECT max(t.used_at) FROM api.session_tokens AS t
                WHERE t.tenant_id = s.tenant_id AND t.session_id = s.id),
               s.created_at
           ) AS last_used_at
    FROM api.sessions AS s
    WHERE s.tenant_id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL AND s.expires_at > $3
    ORDER BY s.created_at DESC, s.id DESC LIMIT $4
"""
END_ONE = """
    UPDATE api.sessions SET revoked_at = $4, revoked_reason = 'ended by its user'
    WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND revoked_at IS NULL AND expires_at > $4
    RETURNING id
"""
END_OTHERS = """
    WITH ended AS (
        UPDATE api.sessions SET revoked_at = $4, revoked_reason = 'ended by its user'
        WHERE tenant_id = $1 AND user_id = $2 AND id <> $3 AND revoked_at IS NULL AND expires_at > $4
        RETURNING id
    )
    SELECT count(*) FROM ended
"""
MAX_SESSIONS = 100


async def list_sessions(call: Call[None, None, None]) -> OpenSessions:
    user, now = _user(call), call.services.clock.now()
    async with call.services.private_pool.acquire() as connection:
        rows = await connection.fetch(SELECT_OPEN, user.tenant.id, user.id, now, MAX_SESSIONS)
    return OpenSessions(items=[OpenSession(**row, current=row["id"] == user.session_id) for row in rows])


async def end_session(call: Call[SessionPath, None, None]) -> web.Response:
    user, now = _user(call), call.services.clock.now()
    async with call.services.private_pool.acquire() as connection, connection.transaction():
        ended = await connection.fetchval(END_ONE, user.tenant.id, user.id, call.path.id, now)
        if ended is None:
            raise NotFound("you have no open session with this id")
        await write_line(connection, user, call.origin, "auth.end_session", f"session {ended}", now)
    return web.Response(status=204)


async def end_other_sessions(call: Call[None, None, None]) -> EndedSessions:
    user, now = _user(call), call.services.clock.now()
    async with call.services.private_pool.acquire() as connection, connection.transaction():
        ended = await connection.fetchval(END_OTHERS, user.tenant.id, user.id, user.session_id, now)
        if ended:
            subject, after = f"user {user.name}", {"ended": ended}
            await write_line(connection, user, call.origin, "auth.end_other_sessions", subject, now, after=after)
    return EndedSessions(ended=ended)


def _user(call: Call[Any, Any, Any]) -> Principal:
    if call.principal.kind != "user":
        raise Forbidden("only users have sessions, and this is an API key")
    return call.principal


PATH = "/api/v1/me/sessions"
ROUTES = (
    Route(
        "GET",
        PATH,
        list_sessions,
        Permission.READ,
        "The caller's open sessions",
        description=f"Newest first, at most {MAX_SESSIONS}. For users; an API key has none (403).",
        response=OpenSessions,
        private=True,
    ),
    Route(
        "DELETE",
        f"{PATH}/{{id}}",
        end_session,
        Permission.READ,
        "End one of the caller's sessions",
        description="Its next request gets 401. 404 if it has ended or is another user's.",
        path_values=SessionPath,
        status=204,
        private=True,
    ),
    Route(
        "POST",
        f"{PATH}/end-others",
        end_other_sessions,
        Permission.READ,
        "End all of the caller's sessions but this one",
        description="Returns how many were open. For users; an API key has none (403).",
        response=EndedSessions,
        private=True,
    ),
)
