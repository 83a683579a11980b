"""Connects to Redis: to one server, or to a Redis Cluster with the scheme `redis+cluster` or `rediss+cluster`."""

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import RedisClusterException, RedisError

CLUSTER_SCHEMES = ("redis+cluster://", "rediss+cluster://")
SCHEMES = ("redis://", "rediss://", "unix://", *CLUSTER_SCHEMES)
RedisClient = Redis | RedisCluster
# `RedisClusterException` is no `RedisError`.
REDIS_ERRORS = (RedisError, RedisClusterException, OSError)


def connect(url: str, *, timeout_s: float) -> RedisClient:
    """Return a client, which connects with its first command. Raises `ValueError` for an invalid URL."""
    if url.startswith(CLUSTER_SCHEMES):
        url = url.replace("+cluster", "", 1)
        return RedisCluster.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s)
    return Redis.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s)
