"""The evaluation and the notifications of a running `orylo up`."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import aiohttp
import orjson
import structlog

from orylo_cli.alerting.channels import NotSent, Send, open_channels
from orylo_cli.alerting.evaluation import AlarmEvaluation, Notification
from orylo_cli.alerting.readings import ReadingHistory
from orylo_cli.alerting.settings import NotifySettings
from orylo_common.repeating import repeating
from orylo_common.resilience.retry import RetryPolicy

EVALUATE_EVERY = timedelta(seconds=15)
ASK_TIMEOUT = aiohttp.ClientTimeout(total=3)
# After a failed delivery: 10 s, 20 s, … 5 minutes.
RETRIES = RetryPolicy(base=timedelta(seconds=10), cap=timedelta(minutes=5))
# The alarms that fire, for the next start: they end with a notification too.
STATE_FILE = "alarms.json"

log = structlog.get_logger(__name__)


class NotificationQueue:
    """The notifications that a channel has not taken yet: the newest of each alarm."""

    def __init__(self, name: str, send: Send) -> None:
        self._name = name
        self._send = send
        self._waiting: dict[str, Notification] = {}
        self._woken = asyncio.Event()
        self._failures = 0

    def put(self, notification: Notification) -> None:
        self._waiting[notification.alarm] = notification
        self._woken.set()

    async def send_next(self) -> None:
        """Send one notification, or wait for one."""
        await self._woken.wait()
        if not self._waiting:
            self._woken.clear()
            return
        notification = next(iter(self._waiting.values()))
        try:
            await self._send(notification)
        except NotSent as error:
            log.error("alarm.not_notified", channel=self._name, alarm=notification.alarm, reason=str(error))  # noqa: TRY400
            if not error.permanent:
                self._failures += 1
                await asyncio.sleep(RETRIES.delay(self._failures).total_seconds())
                return
        self._failures = 0
        # A newer one of the alarm may have come meanwhile.
        if self._waiting.get(notification.alarm) is notification:
            del self._waiting[notification.alarm]


@asynccontextmanager
async def watch_alarms(
    settings: NotifySettings, *, health_url: str, services: Mapping[str, object], dashboard: str, folder: Path
) -> AsyncIterator[list[str]]:
    """Evaluate the alarms while inside. Yield the names of the channels; without any, alarms are only logged."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        channels = open_channels(settings, session, dashboard)
        outgoing = [NotificationQueue(name, send) for name, send in channels.items()]
        for name, each in zip(channels, outgoing, strict=True):
            await stack.enter_async_context(repeating(f"notify.{name}", each.send_next))
        history, evaluation = ReadingHistory(), AlarmEvaluation(_read(folder / STATE_FILE))

        async def evaluate() -> None:
            checks = {name: await _checks(session, f"{health_url}/{name}/readyz") for name in services}
            disk = shutil.disk_usage(folder)
            changes = evaluation.take(history.read(time.time(), checks, disk.free / disk.total))
            for change in changes:
                level = log.info if change.resolved else log.error
                level("alarm.ended" if change.resolved else "alarm.fired", alarm=change.alarm, summary=change.summary)
                for each in outgoing:
                    each.put(change)
            if changes:
                _write(folder / STATE_FILE, evaluation.firing)

        await stack.enter_async_context(repeating("alarms", evaluate, every=EVALUATE_EVERY))
        yield list(channels)


async def _checks(session: aiohttp.ClientSession, url: str) -> Mapping[str, str]:
    """Return what a service says of its dependencies; empty if it does not answer."""
    try:
        async with session.get(url, timeout=ASK_TIMEOUT) as response:
            checks: Mapping[str, str] = (await response.json(content_type=None)).get("checks", {})
            return checks
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return {}


def _read(file: Path) -> Mapping[str, float]:
    try:
        firing: Mapping[str, float] = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return firing


def _write(file: Path, firing: Mapping[str, float]) -> None:
    """Replace the file. On a full disk the alarms go on without it."""
    try:
        beside = file.with_suffix(".new")
        beside.write_bytes(orjson.dumps(firing))
        beside.replace(file)
    except OSError as error:
        log.warning("alarm.state_not_stored", reason=error.strerror)
