"""`GET /standings/{tenant_id}/{customer_id}` on the private port: a customer's current score and status.

Callers send an API key of the tenant, `Authorization: Bearer orylo_…`.
"""

from dataclasses import asdict
from functools import partial
from http import HTTPStatus
from uuid import UUID

import asyncpg
import orjson
from aiohttp import hdrs, web

from orylo_common.control.api_keys import hash_api_key
from orylo_common.http.problems import Problem
from orylo_common.postgres.errors import TRANSIENT_ERRORS
from orylo_trust.standings import Standings

INVALID_TENANT = Problem(HTTPStatus.BAD_REQUEST, "invalid_tenant_id", "The tenant id must be a UUID.")
UNAUTHENTICATED = Problem(HTTPStatus.UNAUTHORIZED, "unauthenticated", "Send an API key: Authorization: Bearer orylo_…")
UNKNOWN_CUSTOMER = Problem(HTTPStatus.NOT_FOUND, "unknown_customer", "The customer has no account.")
UNAVAILABLE = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "The database does not answer. Try again.")

FIND_TENANT = "SELECT control.tenant_of_api_key($1)"


def routes(standings: Standings, pool: asyncpg.Pool) -> list[web.RouteDef]:
    return [web.get("/standings/{tenant_id}/{customer_id}", partial(get_standing, standings=standings, pool=pool))]


async def get_standing(request: web.Request, *, standings: Standings, pool: asyncpg.Pool) -> web.Response:
    scheme, _, key = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    try:
        caller = await pool.fetchval(FIND_TENANT, hash_api_key(key)) if scheme.lower() == "bearer" else None
    except TRANSIENT_ERRORS:
        return UNAVAILABLE.response()
    if caller is None:
        return UNAUTHENTICATED.response()
    try:
        tenant_id = UUID(request.match_info["tenant_id"])
    except ValueError:
        return INVALID_TENANT.response()
    if tenant_id != caller:
        return UNKNOWN_CUSTOMER.response()
    standing = await standings.read(tenant_id, request.match_info["customer_id"])
    if standing is None:
        return UNKNOWN_CUSTOMER.response()
    return web.Response(body=orjson.dumps(asdict(standing)), content_type="application/json")
