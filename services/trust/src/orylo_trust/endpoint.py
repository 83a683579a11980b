"""`GET /standings/{tenant}/{customer}`: a customer's score and status as they are now."""

from dataclasses import asdict
from uuid import UUID

import orjson
from aiohttp import web

from orylo_trust.standings import Standings

PATH = "/standings/{tenant_id}/{customer_id}"


class StandingEndpoint:
    def __init__(self, standings: Standings) -> None:
        self._standings = standings

    async def get(self, request: web.Request) -> web.Response:
        try:
            tenant_id = UUID(request.match_info["tenant_id"])
        except ValueError:
            return _answer({"error": "the tenant's id is a UUID"}, 400)
        standing = await self._standings.read(tenant_id, request.match_info["customer_id"])
        if standing is None:
            return _answer({"error": "nothing is known of that customer"}, 404)
        return _answer(asdict(standing))


def _answer(body: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
