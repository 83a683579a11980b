"""Run Prometheus and Alertmanager with the repository's rules and routes, and a receiver in place of the people."""

import json
import re
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.support.servers import child, free_ports, listens, program, wait_until

DEPLOYED = Path(__file__).parents[2] / "deploy/monitoring"
RULES = DEPLOYED / "prometheus/rules"
DURATION = re.compile(r"(?P<place>\[|\boffset |\b(?:for|group_wait|group_interval): )(?P<duration>\d+[smhd])\b")

# Seconds for each duration of the rules and routes, in the same order. A window holds several scrapes of one second,
# and a day is ten times a quarter of an hour, as the alarms need that compare the two.
QUICK: Mapping[str, int] = {
    "0s": 0,
    "15s": 1,
    "30s": 2,
    "1m": 3,
    "2m": 4,
    "3m": 5,
    "5m": 6,
    "10m": 7,
    "15m": 8,
    "30m": 10,
    "1h": 16,
    "6h": 30,
    "1d": 80,
    "3d": 100,
    "7d": 120,
}

# An alert that fires before Prometheus knows Alertmanager's address is sent again after the delay.
QUICK_OPTIONS = ["--query.lookback-delta=10s", "--rules.alert.resend-delay=2s"]


def quick(text: str) -> str:
    """Return rules or routes in which every `for`, range, offset and grouping time is a few seconds."""
    return DURATION.sub(lambda found: f"{found['place']}{QUICK[found['duration']]}s", text)


class Change(NamedTuple):
    """A notification that Alertmanager delivered: an alarm that began (`firing`) or ended, at a Unix time."""

    at: float
    alarm: str
    firing: bool
    alert: str


class Receiver:
    """Keeps every notification. `alert` is the fingerprint: an alarm can fire for several services at once."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self._firing: dict[str, str] = {}

    def take(self, body: Mapping[str, Any]) -> None:
        """Add what is new in a notification. Alertmanager repeats the alerts of a group that did not change."""
        for alert in body["alerts"]:
            name, key, firing = alert["labels"]["alertname"], alert["fingerprint"], alert["status"] == "firing"
            if firing != (key in self._firing):
                self.changes.append(Change(time.time(), name, firing, key))
            if firing:
                self._firing[key] = name
            else:
                self._firing.pop(key, None)

    def is_firing(self, alarm: str) -> bool:
        return alarm in list(self._firing.values())

    def began_at(self, alarm: str, since: float) -> float | None:
        """Return when the alarm was first delivered after `since`, in Unix seconds."""
        return next(
            (each.at for each in list(self.changes) if each.firing and each.alarm == alarm and each.at >= since), None
        )

    def ended_at(self, alarm: str) -> float | None:
        """Return when the last of the alarm's alerts ended, or None while one is firing."""
        ends = [each.at for each in list(self.changes) if not each.firing and each.alarm == alarm]
        return ends[-1] if ends and not self.is_firing(alarm) else None


@contextmanager
def running_receiver() -> Iterator[tuple[Receiver, str]]:
    """Serve a receiver of Alertmanager's webhooks. Yield it and its URL."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  the base class names it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver, f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def routes_to(url: str) -> str:
    """Return the deployed Alertmanager configuration with a webhook in place of each receiver."""
    deployed = yaml.safe_load((DEPLOYED / "alertmanager/alertmanager.yml").read_text())
    webhook = [{"url": url, "send_resolved": True}]
    receivers = [{"name": each["name"], "webhook_configs": webhook} for each in deployed["receivers"]]
    return yaml.safe_dump({key: deployed[key] for key in ("route", "inhibit_rules")} | {"receivers": receivers})


class Monitoring:
    """A running Prometheus and Alertmanager, and the receiver of their notifications."""

    def __init__(self, folder: Path, receiver: Receiver, prometheus_port: int) -> None:
        self.receiver = receiver
        self.url = f"http://127.0.0.1:{prometheus_port}"
        self._folder = folder

    def watch(self, job: str, *addresses: str) -> None:
        """Set the targets of a job, `host:port` each. Without addresses the job has none."""
        entry = [{"targets": list(addresses), "labels": {"job": job}}]
        file = self._folder / f"targets/{job}.json"
        # Prometheus must not read half a file.
        file.with_suffix(".new").write_text(json.dumps(entry))
        file.with_suffix(".new").rename(file)

    def query(self, expression: str) -> list[Mapping[str, Any]]:
        """Return the result of an instant query."""
        url = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        with urllib.request.urlopen(url) as response:
            result: list[Mapping[str, Any]] = json.load(response)["data"]["result"]
        return result


@contextmanager
def monitoring(folder: Path, targets: Mapping[str, str], *, is_quick: bool) -> Iterator[Monitoring]:
    """Start both with the deployed rules and routes, or with their quick variants and an interval of one second."""
    (folder / "targets").mkdir(parents=True)
    (folder / "rules").mkdir()
    variant, interval = (quick, "1s") if is_quick else (str, "15s")
    for file in RULES.glob("*.yml"):
        (folder / "rules" / file.name).write_text(variant(file.read_text()))
    prometheus, alertmanager = free_ports(2)
    with ExitStack() as stack:
        receiver, url = stack.enter_context(running_receiver())
        (folder / "alertmanager.yml").write_text(variant(routes_to(url)))
        (folder / "prometheus.yml").write_text(yaml.safe_dump(_configuration(interval, alertmanager)))
        monitor = Monitoring(folder, receiver, prometheus)
        for job, address in targets.items():
            monitor.watch(job, address)
        for name, package, port, options in (
            ("prometheus-alertmanager", "prometheus-alertmanager", alertmanager, ["--cluster.listen-address="]),
            ("prometheus", "prometheus", prometheus, QUICK_OPTIONS if is_quick else []),
        ):
            home = folder / name
            home.mkdir()
            data = "--storage.tsdb.path" if name == "prometheus" else "--storage.path"
            file = folder / f"{name.rpartition('-')[2]}.yml"
            command: list[str | Path] = [program(name, package), f"--config.file={file}", f"{data}={home}", *options]
            stack.enter_context(child([*command, f"--web.listen-address=127.0.0.1:{port}"], home))
            wait_until(lambda port=port: listens(port), name, home / "log")  # type: ignore[misc]
        yield monitor


def _configuration(interval: str, alertmanager: int) -> dict[str, Any]:
    return {
        "global": {
            "scrape_interval": interval,
            "scrape_timeout": interval,
            "evaluation_interval": interval,
            "external_labels": {"dashboard": "http://localhost:8000"},
        },
        "rule_files": ["rules/*.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]},
        "scrape_configs": [
            {"job_name": "platform", "file_sd_configs": [{"files": ["targets/*.json"], "refresh_interval": "1s"}]}
        ],
    }
