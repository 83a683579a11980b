"""No alarm fires in 24 simulated hours of an idle platform, nor in 24 of normal traffic with a night and a release."""

import math
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from orylo_common.broker.topology import QUEUES
from tests.support.servers import program

RULES = Path(__file__).parents[2] / "deploy/monitoring/prometheus/rules"
SERVICES = ("ingest", "detector", "trust", "dispatch", "api")
DAY = 24 * 60
# A release in the afternoon: every counter starts again, and each service misses one scrape.
RELEASE = 15 * 60

# The watchdog always fires.
FIRING = 'ALERTS{alertstate="firing", alertname!="Watchdog"}'

Series = dict[str, list[float]]


def traffic(minute: int) -> float:
    """Return the relative rate: 0.05 at four in the morning, 2 in the afternoon."""
    return 1.02 - 0.97 * math.cos(2 * math.pi * (minute - 4 * 60) / DAY)


def counter(per_minute: float, release: int = RELEASE) -> list[float]:
    values, total = [], 0.0
    for minute in range(DAY + 1):
        total = 0.0 if minute == release else total + per_minute * traffic(minute)
        values.append(float(int(total)))
    return values


def gauge(mean: float) -> list[float]:
    return [round(mean * traffic(minute) * (1 + 0.5 * math.sin(minute)), 2) for minute in range(DAY + 1)]


def constant(value: float) -> list[float]:
    return [value] * (DAY + 1)


def histogram(name: str, labels: str, per_minute: float, bounds: Mapping[str, float]) -> Series:
    """`bounds` has the share of observations up to each bound."""
    return {f'{name}_bucket{{{labels}, le="{bound}"}}': counter(per_minute * share) for bound, share in bounds.items()}


def health() -> Series:
    """Return the series that a platform without traffic exposes."""
    series: Series = {}
    for number, job in enumerate(SERVICES):
        up = constant(1)
        up[RELEASE + number] = 0
        series[f'up{{job="{job}", instance="{job}"}}'] = up
        for dependency in ("postgres", "broker", "redis"):
            series[f'orylo_dependency_up{{job="{job}", dependency="{dependency}"}}'] = constant(1)
        series[f'orylo_circuit_state{{job="{job}", name="{job}.postgres"}}'] = constant(0)
        series[f'orylo_loop_failing_seconds{{job="{job}", loop="{job}.retention"}}'] = constant(0)
        series[f'orylo_postgres_connection_failures_total{{job="{job}"}}'] = constant(0)
        series[f'orylo_control_unreadable_secrets{{job="{job}", part="gateways"}}'] = constant(0)
        series[f'orylo_outbox_published_total{{job="{job}", path="swept"}}'] = constant(0)
    for watcher in ("api", "trust"):
        for schema in SERVICES:
            series[f'orylo_outbox_oldest_seconds{{job="{watcher}", schema="{schema}"}}'] = constant(0)
            series[f'orylo_messages_waiting{{job="{watcher}", queue="{schema}"}}'] = constant(0)
        series[f'orylo_postgres_connections{{job="{watcher}"}}'] = constant(30)
        series[f'orylo_postgres_connections_limit{{job="{watcher}"}}'] = constant(97)
    for outcome in ("accepted", "quarantined", "conflict", "unauthenticated", "rate_limited", "unavailable"):
        series[f'orylo_webhooks_total{{gateway="stripe", outcome="{outcome}"}}'] = constant(0)
    for outcome in ("dispatched", "failed"):
        series[f'orylo_dispatch_deliveries_total{{kind="meta", outcome="{outcome}"}}'] = constant(0)
        series[f'orylo_dispatch_attempts_total{{kind="meta", outcome="{outcome}"}}'] = constant(0)
    series |= {
        'orylo_dispatch_oldest_due_seconds{job="dispatch"}': constant(0),
        'orylo_dispatch_destination_on_hold{destination="d"}': constant(0),
        'orylo_dispatch_token_expires_timestamp_seconds{destination="d"}': constant(60 * 86_400),
        'orylo_reconciliations_total{gateway="stripe", state="failed"}': constant(0),
        'orylo_detector_fuses_tripped{job="detector"}': constant(0),
        'orylo_detector_uncounted_total{job="detector"}': constant(0),
        'orylo_trust_cache_failures_total{call="get"}': constant(0),
        'orylo_api_failed_money_tenants{job="api"}': constant(0),
        'orylo_api_projection_oldest_seconds{job="api"}': constant(0),
        'node_filesystem_avail_bytes{instance="db", mountpoint="/", fstype="ext4"}': constant(60),
        'node_filesystem_size_bytes{instance="db", mountpoint="/", fstype="ext4"}': constant(100),
        'orylo_certificate_expires_timestamp_seconds{host="hooks"}': constant(60 * 86_400),
    }
    return series


def normal() -> Series:
    """Return the series of a platform with thirty webhooks a minute, and the small faults of any day."""
    series = health()
    series |= {
        'orylo_webhooks_total{gateway="stripe", outcome="accepted"}': counter(30),
        'orylo_webhooks_total{gateway="stripe", outcome="duplicate"}': counter(1),
        'orylo_webhooks_total{gateway="stripe", outcome="unauthenticated"}': counter(0.1),
        'orylo_webhooks_total{gateway="unknown", outcome="not_found"}': counter(0.5),
        'orylo_dispatch_deliveries_total{kind="meta", outcome="dispatched"}': counter(10),
        'orylo_dispatch_attempts_total{kind="meta", outcome="dispatched"}': counter(10),
        'orylo_dispatch_attempts_total{kind="meta", outcome="transient"}': counter(0.1),
        'orylo_dispatch_oldest_due_seconds{job="dispatch"}': gauge(2),
        'orylo_reconciliations_total{gateway="stripe", state="completed"}': counter(1 / DAY),
        'orylo_detector_decisions_total{decision="allow"}': counter(14),
        'orylo_detector_decisions_total{decision="review"}': counter(0.7),
        'orylo_detector_decisions_total{decision="block"}': counter(0.3),
        'orylo_detector_left_out_total{detector="velocity", cause="deadline"}': counter(0.02),
        'orylo_api_requests_total{job="api", status="200"}': counter(20),
        'orylo_api_requests_total{job="api", status="500"}': counter(0.01),
        'orylo_trust_cache_reads_total{outcome="hit"}': counter(9),
        'orylo_trust_cache_reads_total{outcome="miss"}': counter(1),
        'orylo_payments_total{gateway="stripe", method="card", outcome="succeeded"}': counter(10),
        'orylo_payments_total{gateway="stripe", method="card", outcome="failed"}': counter(0.6),
        'orylo_api_payment_decline_code_new{gateway="stripe", code="rare"}': constant(2),
        'orylo_api_payment_method_share_ratio{gateway="stripe", method="card"}': constant(0.9),
        'orylo_api_dead_letters_open{source="detector"}': constant(2),
        'orylo_api_dead_letters_oldest_seconds{source="detector"}': [60.0 * (each % 600) for each in range(DAY + 1)],
    }
    for queue in QUEUES:
        for outcome, share in (("done", 1.0), ("retried", 0.01)):
            name = f'orylo_messages_handled_total{{job="{queue}", queue="{queue}", outcome="{outcome}"}}'
            series[name] = counter(40 * share)
        series[f'orylo_messages_waiting{{job="{queue}", queue="{queue}"}}'] = gauge(20)
        series[f'orylo_outbox_published_total{{job="{queue}", path="offered"}}'] = counter(40)
        labels = f'job="{queue}", name="{queue}"'
        series |= histogram("orylo_group_commit_seconds", labels, 40, {"0.05": 0.99, "0.25": 0.999, "+Inf": 1})
    series |= histogram("orylo_dispatch_sent_seconds", 'kind="meta"', 10, {"60.0": 0.998, "+Inf": 1})
    series['orylo_dispatch_sent_seconds_count{kind="meta"}'] = counter(10)
    series |= histogram("orylo_message_handle_seconds", 'queue="detector"', 30, {"0.25": 0.999, "+Inf": 1})
    series['orylo_message_handle_seconds_count{queue="detector"}'] = counter(30)
    series |= histogram("orylo_webhook_seconds", 'gateway="stripe"', 30, {"0.05": 0.98, "0.25": 0.999, "+Inf": 1})
    series |= histogram("orylo_api_projection_lag_seconds", 'job="api"', 40, {"1": 0.99, "10": 1, "+Inf": 1})
    return series


def fired(series: Series, tmp_path: Path) -> str:
    """Return promtool's complaint about alarms that fired within the day, empty if none did."""
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": " ".join(map(str, values))} for name, values in series.items()],
        "promql_expr_test": [{"expr": f"count by (alertname) (count_over_time({FIRING}[24h]))", "eval_time": "24h"}],
    }
    rules = [str(path) for path in sorted(RULES.glob("*.yml"))]
    document = {"rule_files": rules, "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / "day.yml").write_text(yaml.safe_dump(document))
    command = [str(program("promtool", "prometheus")), "test", "rules", str(tmp_path / "day.yml")]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    return outcome.stdout + outcome.stderr if outcome.returncode else ""


@pytest.mark.timeout(120)
def test_an_idle_day_has_no_alarm(tmp_path: Path) -> None:
    assert fired(health(), tmp_path) == ""


@pytest.mark.timeout(120)
def test_a_day_of_normal_traffic_has_no_alarm(tmp_path: Path) -> None:
    assert fired(normal(), tmp_path) == ""


@pytest.mark.timeout(120)
def test_a_fault_in_such_a_day_is_noticed(tmp_path: Path) -> None:
    series = health()
    series['orylo_dependency_up{job="ingest", dependency="broker"}'][600:605] = [0] * 5

    assert "BrokerUnreachable" in fired(series, tmp_path)


def test_the_day_has_every_metric_that_an_alarm_reads() -> None:
    exposed = {name.partition("{")[0] for name in normal()}

    assert {name for name in read_metrics() if name not in exposed} <= {
        # Of volumes in Kubernetes.
        "kubelet_volume_stats_available_bytes",
        "kubelet_volume_stats_capacity_bytes",
    }


def read_metrics() -> Iterator[str]:
    for path in RULES.glob("*.yml"):
        rules: list[dict[str, Any]] = [
            rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]
        ]
        for rule in rules:
            yield from re.findall(r"\b(?:orylo|node|kubelet)_[a-z_]+|\bup\b", rule["expr"])
