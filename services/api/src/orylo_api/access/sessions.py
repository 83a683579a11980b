"""Users' sessions: a short-lived access token, and a refresh token that can be used once."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import asyncpg

from orylo_common.ids import uuid7
from orylo_common.postgres.pool import Connection

INSERT_SESSION = """
    INSERT INTO api.sessions (tenant_id, id, user_id, csrf_token, address, user_agent, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
INSERT_TOKENS = """
    INSERT INTO api.session_tokens (token_hash, kind, tenant_id, session_id, expires_at)
    VALUES ($1, 'access', $3, $4, $5), ($2, 'refresh', $3, $4, $6)
"""
# The session's row is locked: of two concurrent refreshes, the second sees that the token was used.
FIND_REFRESH = """
    SELECT s.tenant_id, s.id, s.user_id, s.csrf_token, s.created_at, t.used_at
    FROM api.session_tokens AS t
    JOIN api.sessions AS s ON s.tenant_id = t.tenant_id AND s.id = t.session_id
    JOIN control.users AS u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
    WHERE t.token_hash = $1 AND t.kind = 'refresh' AND t.expires_at > $2
      AND s.created_at > $2 - $3::interval AND s.revoked_at IS NULL AND u.disabled_at IS NULL
    FOR UPDATE OF s
"""
MARK_USED = "UPDATE api.session_tokens SET used_at = coalesce(used_at, $2) WHERE token_hash = $1"
EXTEND = "UPDATE api.sessions SET expires_at = $3 WHERE tenant_id = $1 AND id = $2"
REVOKE = """
    UPDATE api.sessions SET revoked_at = $3, revoked_reason = $4
    WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL
"""
FIND_SESSION = """
    SELECT s.tenant_id, s.id, s.user_id, s.csrf_token, s.created_at
    FROM api.session_tokens AS t JOIN api.sessions AS s ON s.tenant_id = t.tenant_id AND s.id = t.session_id
    WHERE t.token_hash = ANY($1) AND t.expires_at > $2 AND s.revoked_at IS NULL
    LIMIT 1
"""

# Two tabs may refresh at once, and a response may be lost: only a later repeat means that a token was stolen.
REUSE_GRACE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Of a session's tokens, and of the session itself, however often it is refreshed."""

    access: timedelta
    refresh: timedelta
    session: timedelta


@dataclass(frozen=True, slots=True)
class Session:
    tenant_id: UUID
    id: UUID
    user_id: UUID
    csrf_token: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Tokens:
    """Secrets that belong in cookies and nowhere else."""

    access: str
    refresh: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, as sessions and the audit log store it."""

    address: str
    user_agent: str


def hash_token(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


async def open_session(
    connection: Connection, tenant_id: UUID, user_id: UUID, origin: Origin, lifetimes: Lifetimes, now: datetime
) -> tuple[Session, Tokens]:
    session = Session(tenant_id, uuid7(), user_id, secrets.token_urlsafe(32), now)
    await connection.execute(
        INSERT_SESSION,
        tenant_id,
        session.id,
        user_id,
        session.csrf_token,
        origin.address,
        origin.user_agent,
        now,
        _end(session, lifetimes.refresh, lifetimes, now),
    )
    return session, await _add_tokens(connection, session, lifetimes, now)


async def find_refresh(
    connection: Connection, token: str, lifetimes: Lifetimes, now: datetime
) -> tuple[Session, bool] | None:
    """Return the token's session, locked, and whether the token was reused after the grace period."""
    row = await connection.fetchrow(FIND_REFRESH, hash_token(token), now, lifetimes.session)
    if row is None:
        return None
    session = _session(row)
    return session, row["used_at"] is not None and now - row["used_at"] > REUSE_GRACE


async def rotate(connection: Connection, session: Session, token: str, lifetimes: Lifetimes, now: datetime) -> Tokens:
    """Exchange a refresh token for new tokens, and extend the session."""
    await connection.execute(MARK_USED, hash_token(token), now)
    end = _end(session, lifetimes.refresh, lifetimes, now)
    await connection.execute(EXTEND, session.tenant_id, session.id, end)
    return await _add_tokens(connection, session, lifetimes, now)


async def find_session(connection: Connection, tokens: list[str], now: datetime) -> Session | None:
    """Return the session that any of these tokens belongs to."""
    row = await connection.fetchrow(FIND_SESSION, [hash_token(token) for token in tokens], now)
    return None if row is None else _session(row)


async def revoke(connection: Connection, session: Session, reason: str, now: datetime) -> None:
    await connection.execute(REVOKE, session.tenant_id, session.id, now, reason)


async def _add_tokens(connection: Connection, session: Session, lifetimes: Lifetimes, now: datetime) -> Tokens:
    tokens = Tokens(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
    await connection.execute(
        INSERT_TOKENS,
        hash_token(tokens.access),
        hash_token(tokens.refresh),
        session.tenant_id,
        session.id,
        _end(session, lifetimes.access, lifetimes, now),
        _end(session, lifetimes.refresh, lifetimes, now),
    )
    return tokens


def _end(session: Session, lifetime: timedelta, lifetimes: Lifetimes, now: datetime) -> datetime:
    """Return when something of this lifetime ends: at the latest with the session."""
    return min(now + lifetime, session.created_at + lifetimes.session)


def _session(row: asyncpg.Record) -> Session:
    return Session(row["tenant_id"], row["id"], row["user_id"], row["csrf_token"], row["created_at"])
