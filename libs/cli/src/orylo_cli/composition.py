"""All services in one process and on one PostgreSQL, as `orylo up` runs them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

import orylo_api.app
import orylo_api.settings
import orylo_detector.app
import orylo_detector.settings
import orylo_dispatch.app
import orylo_dispatch.settings
import orylo_ingest.app
import orylo_ingest.settings
import orylo_trust.app
import orylo_trust.settings
from orylo_cli.embedded.cache import open_cache
from orylo_common.broker.connect import open_broker
from orylo_common.http.private import PrivateRoutes
from orylo_common.postgres.partitions import maintain_partitions
from orylo_common.settings import CommonSettings, load

Settings = TypeVar("Settings", bound=CommonSettings)

# Every role may maintain partitions.
PARTITIONS_ROLE = orylo_ingest.app.ROLE


@asynccontextmanager
async def open_platform(logins: Mapping[str, str]) -> AsyncIterator[Mapping[str, PrivateRoutes]]:
    """Start every service on a migrated database and yield each one's private routes by name.

    `logins` has a DSN for each service and for the bus. All other settings come from the environment. Ingest starts
    last and stops first, so that webhooks arrive only while the other services run.
    """
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        redis = await enter(open_cache())
        broker = await enter(open_broker("postgres", logins["bus"]))
        await enter(maintain_partitions(logins["ingest"], role=PARTITIONS_ROLE))
        api, dispatch, trust, detector, ingest = (
            _load(orylo_api.settings.Settings, logins["api"]),
            _load(orylo_dispatch.settings.Settings, logins["dispatch"]),
            _load(orylo_trust.settings.Settings, logins["trust"]),
            _load(orylo_detector.settings.Settings, logins["detector"]),
            _load(orylo_ingest.settings.Settings, logins["ingest"]),
        )
        yield {
            "api": await enter(orylo_api.app.open_app(api, broker=broker, redis=redis)),
            "dispatch": await enter(orylo_dispatch.app.open_app(dispatch, broker=broker, redis=redis)),
            "trust": await enter(orylo_trust.app.open_app(trust, broker=broker, redis=redis)),
            "detector": await enter(orylo_detector.app.open_app(detector, broker=broker, redis=redis)),
            "ingest": await enter(orylo_ingest.app.open_app(ingest, broker=broker, redis=redis)),
        }


def _load(settings: type[Settings], database_url: str) -> Settings:
    return load(settings).model_copy(update={"database_url": database_url})
