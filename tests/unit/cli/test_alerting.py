"""`orylo up` notifies people once when an alarm begins, and once when it ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry, Counter, Gauge
from pydantic import SecretStr, ValidationError

from orylo_cli.alerting import running
from orylo_cli.alerting.alarms import ALARMS, Alarm, loop_failing
from orylo_cli.alerting.channels import (
    NotSent,
    mail,
    open_channels,
    pagerduty_body,
    slack_body,
)
from orylo_cli.alerting.evaluation import AlarmEvaluation, Notification
from orylo_cli.alerting.readings import ReadingHistory, Readings
from orylo_cli.alerting.running import NotificationQueue, watch_alarms
from orylo_cli.alerting.settings import NotifySettings
from orylo_common.resilience.retry import RetryPolicy
from tests.support.eventually import eventually

BEGIN = Notification("DiskFilling", "page", False, "4 % of <the> disk is free", 1_000.0, 1_060.0)
END = Notification("DiskFilling", "page", True, "DiskFilling has ended", 1_000.0, 2_000.0)
LINK = "http://127.0.0.1:8000/runbooks/DiskFilling"
UNAVAILABLE = {"gateway": "stripe", "outcome": "unavailable"}
SOUND = {"postgres": "ok", "loops": "ok"}


@dataclass
class Platform:
    """Readings of a platform at 15-second intervals."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    now: float = 1_000_000.0
    checks: dict[str, dict[str, str]] = field(default_factory=lambda: {"ingest": SOUND, "api": SOUND})
    disk_free: float = 0.6

    def __post_init__(self) -> None:
        self.history = ReadingHistory(self.registry)
        self.evaluation = AlarmEvaluation({})

    def counter(self, name: str, labels: dict[str, str]) -> Any:
        return Counter(name, "", list(labels), registry=self.registry).labels(**labels)

    def gauge(self, name: str) -> Gauge:
        return Gauge(name, "", registry=self.registry)

    def read(self) -> Readings:
        return self.history.read(self.now, self.checks, self.disk_free)

    def pass_time(self, minutes: float) -> list[tuple[str, bool]]:
        """Return what was notified meanwhile."""
        notified = []
        for _ in range(int(minutes * 4)):
            self.now += 15
            notified += [(each.alarm, each.resolved) for each in self.evaluation.take(self.read())]
        return notified


@pytest.fixture
def platform() -> Platform:
    return Platform()


def test_an_idle_platform_notifies_of_nothing(platform: Platform) -> None:
    assert platform.pass_time(24 * 60) == []


def test_a_loop_that_fails_for_minutes_is_named(platform: Platform) -> None:
    loops = Gauge("orylo_loop_failing_seconds", "", ["loop"], registry=platform.registry)
    loops.labels("ingest.limits").set(59)
    loops.labels("dispatch.poll").set(0)
    assert platform.pass_time(10) == []

    loops.labels("dispatch.poll").set(61)
    assert loop_failing(platform.read()) == "dispatch.poll: failing for more than a minute"
    assert platform.pass_time(1.5) == [("BackgroundLoopFailing", False)]
    loops.labels("dispatch.poll").set(0)
    assert platform.pass_time(5) == [("BackgroundLoopFailing", True)]


@pytest.mark.parametrize(
    ("alarm", "metric", "value", "minutes"),
    [
        ("OutboxStalled", "orylo_outbox_oldest_seconds", 60, 0.75),
        ("CircuitOpen", "orylo_circuit_state", 2, 3.5),
        ("MessagesWaiting", "orylo_messages_waiting", 101, 1),
        ("DeadLettersPiledUp", "orylo_api_dead_letters_open", 101, 31),
        ("DeadLetterOld", "orylo_api_dead_letters_oldest_seconds", 90_000, 1.5),
        ("SecretsUnreadable", "orylo_control_unreadable_secrets", 1, 1.5),
        ("DispatchDestinationOnHold", "orylo_dispatch_destination_on_hold", 1, 1.5),
        ("DispatchTokenExpiring", "orylo_dispatch_token_expires_timestamp_seconds", 1_010_000, 0.25),
        ("DispatchDeliveriesLate", "orylo_dispatch_oldest_due_seconds", 1_000, 1.5),
        ("DetectorFuseTripped", "orylo_detector_fuses_tripped", 1, 0.25),
        ("FailedMoneyOverLimit", "orylo_api_failed_money_tenants", 2, 1.5),
        ("CertificateExpiring", "orylo_certificate_expires_timestamp_seconds", 2_000_000, 1.5),
    ],
)
def test_a_gauge_fires_once_and_ends_once(
    platform: Platform, alarm: str, metric: str, value: float, minutes: float
) -> None:
    gauge = platform.gauge(metric)
    sound = 100_000_000 if "timestamp" in metric else 0
    gauge.set(sound)
    assert platform.pass_time(10) == []

    gauge.set(value)
    assert platform.pass_time(minutes) == [(alarm, False)]
    assert platform.pass_time(120) == []
    gauge.set(sound)
    assert platform.pass_time(5) == [(alarm, True)]
    assert platform.pass_time(60) == []


@pytest.mark.parametrize(
    ("alarms", "metric", "labels", "count"),
    [
        ({"DispatchConversionRefused"}, "orylo_dispatch_deliveries", {"kind": "meta", "outcome": "failed"}, 150),
        ({"DispatchActionsFailing"}, "orylo_dispatch_deliveries", {"kind": "stripe", "outcome": "failed"}, 1),
        ({"MessagesDeadLettered"}, "orylo_messages_handled", {"queue": "trust", "outcome": "dead_lettered"}, 1),
        ({"IngestWebhooksFailing"}, "orylo_webhooks", {"gateway": "stripe", "outcome": "unauthenticated"}, 30),
        ({"IngestUnavailable", "IngestWebhooksFailing"}, "orylo_webhooks", UNAVAILABLE, 150),
        ({"PaymentsFailing"}, "orylo_payments", {"gateway": "stripe", "outcome": "failed"}, 60),
    ],
)
def test_a_counter_fires_within_minutes_and_ends_after_its_window(
    platform: Platform, alarms: set[str], metric: str, labels: dict[str, str], count: int
) -> None:
    counter = platform.counter(metric, labels)
    assert platform.pass_time(90) == []

    counter.inc(count)
    notified = platform.pass_time(120)
    assert sorted(notified) == sorted((alarm, ended) for alarm in alarms for ended in (False, True))


def test_payments_that_begin_to_fail_fire_within_minutes_after_a_sound_hour(platform: Platform) -> None:
    counter = Counter("orylo_payments", "", ["gateway", "outcome"], registry=platform.registry)
    succeeded, failed = counter.labels("stripe", "succeeded"), counter.labels("stripe", "failed")
    for _ in range(60):
        succeeded.inc(6)
        assert platform.pass_time(1) == []

    notified = []
    for _ in range(6):
        failed.inc(6)
        notified += platform.pass_time(1)
    assert notified == [("PaymentsFailing", False)]


def test_messages_that_are_handled_fast_enough_may_wait(platform: Platform) -> None:
    platform.gauge("orylo_messages_waiting").set(500)
    counter = platform.counter("orylo_messages_handled", {"queue": "api", "outcome": "done"})
    for _ in range(40):
        counter.inc(100)
        assert platform.pass_time(0.25) == []


def test_a_full_disk_a_dead_database_and_a_dead_service_fire_within_two_minutes(platform: Platform) -> None:
    platform.disk_free = 0.04
    platform.checks = {"ingest": {**SOUND, "postgres": "missing (OSError)"}, "api": {}}

    assert sorted(platform.pass_time(1.5)) == [
        ("DatabaseUnreachable", False), ("DiskFilling", False), ("ServiceDown", False),
    ]  # fmt: skip


def test_an_alarm_that_comes_and_goes_notifies_once(platform: Platform) -> None:
    gauge = platform.gauge("orylo_detector_fuses_tripped")
    notified = []
    for number in range(40):
        gauge.set(number % 2)
        notified += platform.pass_time(0.25)

    assert notified == [("DetectorFuseTripped", False)]


def test_an_alarm_that_fired_before_a_restart_ends_after_it(platform: Platform) -> None:
    platform.evaluation = AlarmEvaluation({"OutboxStalled": 1.0, "AnAlarmOfAnotherRelease": 1.0})

    assert platform.pass_time(2) == [("OutboxStalled", True)]


def test_every_alarm_has_a_page_and_a_condition_of_its_own() -> None:
    pages = {file.stem for file in (Path(__file__).parents[3] / "runbooks").glob("*/*.md")}

    assert {alarm.name for alarm in ALARMS} <= pages
    assert len({alarm.name for alarm in ALARMS}) == len({alarm.finding for alarm in ALARMS}) == len(ALARMS)


def test_the_end_has_the_key_of_the_beginning_at_pagerduty() -> None:
    begin, end = pagerduty_body(BEGIN, LINK, "k" * 32), pagerduty_body(END, LINK, "k" * 32)

    assert (begin["event_action"], end["event_action"]) == ("trigger", "resolve")
    assert begin["dedup_key"] == end["dedup_key"] == "orylo/DiskFilling"
    assert begin["payload"]["severity"] == "critical"
    assert begin["links"] == [{"href": LINK, "text": "What to do"}]


def test_slack_escapes_and_mails_have_the_link() -> None:
    assert "4 % of &lt;the&gt; disk is free" in slack_body(BEGIN, LINK)["text"]
    assert f"<{LINK}|What to do>" in slack_body(BEGIN, LINK)["text"]
    written = mail(BEGIN, LINK, "orylo@shop.example", "me@shop.example")
    assert written["Subject"] == "[Orylo page] DiskFilling"
    assert LINK in written.get_content()


@dataclass
class Receiver:
    """An HTTP service that answers with the next status, and with 202 without one."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        status = self.statuses.pop(0) if self.statuses else 202
        if status < 300:
            self.bodies.append(await request.json())
        return web.Response(status=status)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.take)
    async with TestServer(app) as server:
        receiver.url = str(server.make_url("/hook"))
        yield receiver


async def sent_by(settings: NotifySettings) -> None:
    async with aiohttp.ClientSession() as session:
        for send in open_channels(settings, session, "http://127.0.0.1:8000").values():
            await send(BEGIN)


async def test_every_channel_over_http_sends_its_body(receiver: Receiver) -> None:
    url = SecretStr(receiver.url)
    await sent_by(
        NotifySettings(
            webhook_url=url, slack_url=url, pagerduty_key=SecretStr("k" * 32), pagerduty_url=receiver.url,
        )
    )  # fmt: skip

    webhook, slack, pagerduty = receiver.bodies
    assert (webhook["alarm"], webhook["status"], webhook["runbook_url"]) == ("DiskFilling", "firing", LINK)
    assert "DiskFilling" in slack["text"]
    assert pagerduty["routing_key"] == "k" * 32


@pytest.mark.parametrize(("status", "permanent"), [(400, True), (404, True), (429, False), (503, False)])
async def test_a_refusal_names_the_status_and_no_secret(receiver: Receiver, status: int, permanent: bool) -> None:
    receiver.statuses = [status]
    with pytest.raises(NotSent, match=f"^answered with {status}$") as refused:
        await sent_by(NotifySettings(slack_url=SecretStr(receiver.url)))

    assert refused.value.permanent is permanent


async def test_a_mail_is_delivered() -> None:
    lines: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        in_body = False
        while received := await reader.readline():
            line = received.decode().rstrip("\r\n")
            if not in_body:
                if line.upper() == "QUIT":
                    writer.write(b"221 bye\r\n")
                    writer.close()
                    return
                in_body = line.upper() == "DATA"
                writer.write(b"354 go\r\n" if in_body else b"250 ok\r\n")
            elif line == ".":
                in_body = False
                writer.write(b"250 ok\r\n")
            else:
                lines.append(line)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await sent_by(NotifySettings(smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"), mail_to="me@shop.example"))

    assert "Subject: [Orylo page] DiskFilling" in lines
    assert any(LINK in line for line in lines)


async def test_a_channel_that_is_away_gets_the_newest_notification_later(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "RETRIES", RetryPolicy(base=timedelta(milliseconds=1), cap=timedelta(milliseconds=2)))
    receiver.statuses = [503, 503]
    async with aiohttp.ClientSession() as session:
        send = open_channels(NotifySettings(webhook_url=SecretStr(receiver.url)), session, "")["webhook"]
        outgoing = NotificationQueue("webhook", send)
        outgoing.put(BEGIN)
        await outgoing.send_next()
        outgoing.put(END)
        for _ in range(2):
            await outgoing.send_next()

    assert [body["status"] for body in receiver.bodies] == ["resolved"]


async def test_secrets_come_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slack").write_text("https://hooks.slack.example/T/B/secret\n")
    monkeypatch.setenv("ORYLO_NOTIFY_SLACK_URL_FILE", str(tmp_path / "slack"))

    settings = NotifySettings()

    assert settings.slack_url is not None
    assert settings.slack_url.get_secret_value() == "https://hooks.slack.example/T/B/secret"
    assert "T/B/secret" not in repr(settings)
    with pytest.raises(ValidationError, match="ORYLO_NOTIFY_MAIL_TO is missing"):
        NotifySettings(smtp_url=SecretStr("smtp://127.0.0.1"))


async def test_the_running_platform_notifies_and_remembers_what_fires(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = True

    def finding(readings: Readings) -> str | None:
        return "ingest reports a missing database" if broken and not readings.checks["ingest"] else None

    use(monkeypatch, Alarm("ServiceDown", "page", timedelta(), finding))
    settings = NotifySettings(webhook_url=SecretStr(receiver.url))
    options: dict[str, Any] = {
        "health_url": "http://127.0.0.1:1", "services": {"ingest": None}, "dashboard": "http://d", "folder": tmp_path,
    }  # fmt: skip
    async with watch_alarms(settings, **options) as channels:
        assert channels == ["webhook"]
        await eventually(lambda: len(receiver.bodies) == 1)
    assert list(orjson.loads((tmp_path / "alarms.json").read_bytes())) == ["ServiceDown"]

    broken = False
    async with watch_alarms(settings, **options):
        await eventually(lambda: len(receiver.bodies) == 2)
    assert [body["status"] for body in receiver.bodies] == ["firing", "resolved"]
    assert orjson.loads((tmp_path / "alarms.json").read_bytes()) == {}


def use(monkeypatch: pytest.MonkeyPatch, alarm: Alarm) -> None:
    """Evaluate this alarm alone, and often."""
    make: Callable[..., AlarmEvaluation] = lambda firing: AlarmEvaluation(firing, [alarm])  # noqa: E731
    monkeypatch.setattr(running, "AlarmEvaluation", make)
    monkeypatch.setattr(running, "EVALUATE_EVERY", timedelta(milliseconds=5))
    monkeypatch.setattr("orylo_cli.alerting.evaluation.ENDS_AFTER", timedelta())
