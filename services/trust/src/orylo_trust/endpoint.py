"""`GET /standings/{tenant_id}/{customer_id}` on the private port: a customer's current score and status."""

from dataclasses import asdict
from functools import partial
from http import HTTPStatus
from uuid import UUID

import orjson
from aiohttp import web

from orylo_common.http.problems import Problem
from orylo_trust.standings import Standings

INVALID_TENANT = Problem(HTTPStatus.BAD_REQUEST, "invalid_tenant_id", "The tenant id must be a UUID.")
UNKNOWN_CUSTOMER = Problem(HTTPStatus.NOT_FOUND, "unknown_customer", "The customer has no account.")


def routes(standings: Standings) -> list[web.RouteDef]:
    return [web.get("/standings/{tenant_id}/{customer_id}", partial(get_standing, standings=standings))]


async def get_standing(request: web.Request, *, standings: Standings) -> web.Response:
    try:
        tenant_id = UUID(request.match_info["tenant_id"])
    except ValueError:
        return INVALID_TENANT.response()
    standing = await standings.read(tenant_id, request.match_info["customer_id"])
    if standing is None:
        return UNKNOWN_CUSTOMER.response()
    return web.Response(body=orjson.dumps(asdict(standing)), content_type="application/json")
