"""Logs in Redis: strings that are only appended to, so that replicas never overwrite each other.

A server appends and reads a batch with one script. In a cluster the keys of one batch are on several nodes, and a
stand-in for Redis in this process runs scripts slowly: both are sent one command for each log.
"""

import struct
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from redis.asyncio import RedisCluster

from orylo_common.redis import RedisClient, is_in_process
from orylo_detector.domain.velocity import LONGEST

# An attempt: its time in microseconds, amount, currency, whether it was declined, and the hashes of its key and card.
RECORD = struct.Struct("<qq3s?8s8s")
# Records read per log, the newest. The highest limit of a policy is half of this.
REMEMBERED = 512
NEWEST = REMEMBERED * RECORD.size
TRIM_ABOVE = 2 * NEWEST
# A record appended in the last hour before a renewal still lives for the longest window.
KEEP = LONGEST + timedelta(hours=2)
HOUR_US = 3_600_000_000

# One reply for a batch: a reply for each log costs seven times as much.
APPEND = """
local newest, trim_above, keep = tonumber(ARGV[#KEYS + 1]), tonumber(ARGV[#KEYS + 2]), ARGV[#KEYS + 3]
local logs = {}
for at, key in ipairs(KEYS) do
    local length = redis.call('APPEND', key, ARGV[at])
    local log = redis.call('GETRANGE', key, -newest, -1)
    if length > trim_above then
        redis.call('SET', key, log)
    end
    redis.call('EXPIRE', key, keep)
    logs[at] = log
end
return logs
"""


class Logs(Protocol):
    async def append(self, records: Mapping[bytes, bytes]) -> Sequence[bytes | None]:
        """Append to the log of each key, and return the newest records of all. A log may have been evicted."""


def logs_of(redis: RedisClient, *, read_only: bool) -> Logs:
    """With `read_only` nothing is appended. What would be is part of the returned logs."""
    if read_only:
        return ReadOnlyLogs(redis)
    if isinstance(redis, RedisCluster) or is_in_process(redis):
        return PipelinedLogs(redis)
    return ScriptedLogs(redis)


class ScriptedLogs:
    def __init__(self, redis: RedisClient) -> None:
        self._script = redis.register_script(APPEND)

    async def append(self, records: Mapping[bytes, bytes]) -> Sequence[bytes | None]:
        keep_s = KEEP // timedelta(seconds=1)
        logs: Sequence[bytes | None] = await self._script(
            keys=list(records), args=[*records.values(), NEWEST, TRIM_ABOVE, keep_s]
        )
        return logs


class ReadOnlyLogs:
    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def append(self, records: Mapping[bytes, bytes]) -> Sequence[bytes | None]:
        pipeline = self._redis.pipeline(transaction=False)
        for key in records:
            pipeline.getrange(key, -NEWEST, -1)
        logs = await pipeline.execute()
        return [log + record for log, record in zip(logs, records.values(), strict=True)]


class PipelinedLogs:
    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        # Sent with the next batch.
        self._to_renew: set[bytes] = set()
        self._to_trim: dict[bytes, bytes] = {}

    async def append(self, records: Mapping[bytes, bytes]) -> Sequence[bytes | None]:
        pipeline = self._redis.pipeline(transaction=False)
        for key, newest in self._to_trim.items():
            pipeline.set(key, newest, ex=KEEP)
        for key in self._to_renew:
            pipeline.expire(key, KEEP)
        for key, data in records.items():
            pipeline.append(key, data)
        self._to_trim, self._to_renew = {}, set()
        in_cluster = isinstance(self._redis, RedisCluster)
        if in_cluster:
            for key in records:
                pipeline.get(key)
        else:
            pipeline.mget(list(records))
        replies = await pipeline.execute()
        logs: Sequence[bytes | None] = replies[-len(records) :] if in_cluster else replies[-1]
        for (key, appended), log in zip(records.items(), logs, strict=True):
            self._note(key, log or appended, len(appended))
        return logs

    def _note(self, key: bytes, log: bytes, appended: int) -> None:
        """Note whether to renew or to trim a log."""
        earlier = len(log) - appended
        if earlier < RECORD.size or _hour(log, earlier - RECORD.size) != _hour(log, len(log) - RECORD.size):
            self._to_renew.add(key)
        if len(log) > TRIM_ABOVE:
            # Trimming may lose an append of another replica: fewer than one in a thousand.
            self._to_trim[key] = log[-NEWEST:]


def _hour(log: bytes, offset: int) -> int:
    at_us: int = struct.unpack_from("<q", log, offset)[0]
    return at_us // HOUR_US
