"""Connects to Redis: to one server, or to a Redis Cluster with the scheme `redis+cluster` or `rediss+cluster`."""

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import RedisClusterException, RedisError

from orylo_common.telemetry.tracing import tracing

CLUSTER_SCHEMES = ("redis+cluster://", "rediss+cluster://")
SCHEMES = ("redis://", "rediss://", "unix://", *CLUSTER_SCHEMES)
RedisClient = Redis | RedisCluster
# `RedisClusterException` is no `RedisError`.
REDIS_ERRORS = (RedisError, RedisClusterException, OSError)


def connect(url: str, *, timeout_s: float) -> RedisClient:
    """Return a client, which connects with its first command. Raises `ValueError` for an invalid URL.

    Its commands are spans if tracing is on now.
    """
    of_server, of_cluster = Redis, RedisCluster
    if tracing():
        from orylo_common.traced_redis import TracedRedis, TracedRedisCluster

        of_server, of_cluster = TracedRedis, TracedRedisCluster
    if url.startswith(CLUSTER_SCHEMES):
        url = url.replace("+cluster", "", 1)
        return of_cluster.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s)
    return of_server.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s)


def is_in_process(redis: RedisClient) -> bool:
    """Return whether the client is the stand-in for Redis that embedded mode has in its own process."""
    return type(redis).__module__.startswith("fakeredis.")
