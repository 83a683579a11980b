"""Redis clients whose commands are spans. A span has the command's name; its arguments are keys and values."""

from contextlib import AbstractContextManager
from typing import Any

from opentelemetry.trace import Span
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.client import Pipeline
from redis.asyncio.cluster import ClusterPipeline

from orylo_common.telemetry.traces import call_span


def _span(operation: str, size: int | None = None) -> AbstractContextManager[Span]:
    attributes = {"db.system.name": "redis", "db.operation.name": operation, "db.operation.batch.size": size}
    return call_span(operation, **attributes)


class TracedPipeline(Pipeline):
    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        with _span("PIPELINE", len(self)):
            return await super().execute(raise_on_error)


class TracedRedis(Redis):
    async def execute_command(self, *args: Any, **options: Any) -> Any:
        with _span(str(args[0])):
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return TracedPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class TracedClusterPipeline(ClusterPipeline):
    async def execute(self, *args: Any, **options: Any) -> list[Any]:
        with _span("PIPELINE", len(self)):
            return await super().execute(*args, **options)


class TracedRedisCluster(RedisCluster):
    async def execute_command(self, *args: Any, **options: Any) -> Any:
        with _span(str(args[0])):
            return await super().execute_command(*args, **options)

    def pipeline(self, transaction: Any = None, shard_hint: Any = None) -> ClusterPipeline:
        return TracedClusterPipeline(self, transaction)  # type: ignore[abstract]
