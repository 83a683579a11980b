"""A POST that is repeated with the same `Idempotency-Key` takes effect once and gets the same response."""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import asyncpg
from aiohttp import web

from orylo_api.access.identity import Principal
from orylo_api.errors import Conflict, Invalid
from orylo_api.http.problem_details import FieldProblem
from orylo_common.postgres.pool import Connection

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
_KEY = re.compile(r"[!-~]{1,200}")

# The key is claimed in the transaction of the effect: a second request waits here until the first commits.
CLAIM_KEY = """
    INSERT INTO api.idempotency_keys (tenant_id, key, fingerprint, created_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id, key) DO NOTHING
    RETURNING key
"""
FIND_KEY = "SELECT fingerprint, status, body FROM api.idempotency_keys WHERE tenant_id = $1 AND key = $2"
# A request that works in another service: its response is stored once that service has answered. The effect is durable
# in that service, which recognises a repetition, so the commit of the response does not wait for the disk.
INSERT_RESPONSE = """
    WITH hurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO api.idempotency_keys (tenant_id, key, fingerprint, created_at, status, body)
    SELECT $1, $2, $3, $4, $5, $6 FROM hurried
    ON CONFLICT (tenant_id, key) DO NOTHING
    RETURNING key
"""
STORE_RESPONSE = "UPDATE api.idempotency_keys SET status = $3, body = $4 WHERE tenant_id = $1 AND key = $2"


@dataclass(frozen=True, slots=True)
class StoredResponse:
    status: int
    body: bytes


def read_key(request: web.Request) -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        error = FieldProblem(field=f"header.{HEADER}", message="must be 1 to 200 visible ASCII characters")
        raise Invalid("the idempotency key is invalid", [error])
    return key


async def claim(
    connection: Connection, principal: Principal, key: str, request: web.Request, body: bytes, now: datetime
) -> StoredResponse | None:
    """Claim the key, or return its earlier response. Raises `Conflict` if it was used for another request."""
    fingerprint = fingerprint_of(principal, request, body)
    if await connection.fetchval(CLAIM_KEY, principal.tenant.id, key, fingerprint, now) is not None:
        return None
    row = await connection.fetchrow(FIND_KEY, principal.tenant.id, key)
    return _same_request(row, fingerprint)


async def find(pool: asyncpg.Pool, principal: Principal, key: str, fingerprint: bytes) -> StoredResponse | None:
    """Return the response that is stored under the key, if any. Raises `Conflict` if it is another request's."""
    row = await pool.fetchrow(FIND_KEY, principal.tenant.id, key)
    return _same_request(row, fingerprint) if row is not None else None


async def insert_response(
    pool: asyncpg.Pool, principal: Principal, key: str, fingerprint: bytes, response: StoredResponse, now: datetime
) -> StoredResponse | None:
    """Store the response, or return the one that a repetition at the same time has stored.

    Raises `Conflict` if the key was used for another request meanwhile.
    """
    given = (principal.tenant.id, key, fingerprint, now, response.status, response.body)
    if await pool.fetchval(INSERT_RESPONSE, *given) is not None:
        return None
    return await find(pool, principal, key, fingerprint)


async def store_response(connection: Connection, principal: Principal, key: str, response: StoredResponse) -> None:
    await connection.execute(STORE_RESPONSE, principal.tenant.id, key, response.status, response.body)


def fingerprint_of(principal: Principal, request: web.Request, body: bytes) -> bytes:
    """Identify who asked, and for what."""
    return sha256(
        b"\n".join((str(principal.id).encode(), request.method.encode(), request.raw_path.encode(), body))
    ).digest()


def _same_request(row: asyncpg.Record | None, fingerprint: bytes) -> StoredResponse:
    if row is None or row["body"] is None or row["fingerprint"] != fingerprint:
        raise Conflict("this idempotency key was used for another request", code="idempotency_key_reused")
    return StoredResponse(row["status"], row["body"])
