"""Alarms, the metrics they read, their tests and their runbook pages stay together."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.servers import program

REPOSITORY = Path(__file__).parents[2]
MONITORING = REPOSITORY / "deploy/monitoring/prometheus"
DASHBOARDS = REPOSITORY / "deploy/monitoring/grafana/dashboards"
RUNBOOKS = REPOSITORY / "runbooks"
ALERTMANAGER = REPOSITORY / "deploy/monitoring/alertmanager/alertmanager.yml"
MESSAGE_BUS = REPOSITORY / "deploy/aws/messages.yml"

HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Verify", "Afterwards"]

ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: {**rule, "folder": path.stem}
    for path in sorted((MONITORING / "rules").glob("*.yml"))
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
}

# Each alarm of CloudWatch, and the page that its description links to.
CLOUD_ALARMS: dict[str, str] = dict(
    re.findall(
        r"AlarmName: !Sub \$\{Prefix\}-(\w+)-\w+\n +AlarmDescription: .*\$\{Dashboard\}/runbooks/(\w+)",
        MESSAGE_BUS.read_text(),
    )
)

PAGES = {name: alert["folder"] for name, alert in ALERTS.items()} | {
    name: next(RUNBOOKS.glob(f"*/{name}.md")).parent.name for name in CLOUD_ALARMS
}


def code_of_the_services() -> str:
    return "\n".join(path.read_text() for part in ("libs", "services") for path in (REPOSITORY / part).rglob("*.py"))


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_has_a_severity_and_links_to_its_page(name: str) -> None:
    alert = ALERTS[name]

    assert alert["labels"]["severity"] in {"page", "ticket", "none"}
    assert alert["annotations"]["summary"]
    assert alert["annotations"]["runbook_url"] == f"{{{{ $externalLabels.dashboard }}}}/runbooks/{name}"


def test_every_alarm_of_cloudwatch_links_to_its_page() -> None:
    alarms = MESSAGE_BUS.read_text().count("Type: AWS::CloudWatch::Alarm")

    assert len(re.findall(r"AlarmDescription: .*/runbooks/", MESSAGE_BUS.read_text())) == alarms
    assert all(page == name for name, page in CLOUD_ALARMS.items())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_all_sections_in_order(name: str) -> None:
    page = (RUNBOOKS / PAGES[name] / f"{name}.md").read_text()

    assert page.startswith(f"# {name}\n")
    assert [bold for bold in re.findall(r"^\*\*(\w+)", page, re.MULTILINE) if bold in HEADINGS] == HEADINGS
    assert len(page.splitlines()) < 60


def test_every_page_has_an_alert() -> None:
    pages = {path.stem for path in RUNBOOKS.glob("*/*.md")}

    assert pages == set(PAGES)


def test_links_between_pages_resolve() -> None:
    for page in RUNBOOKS.glob("*/*.md"):
        for target in re.findall(r"\]\(([^)]+\.md)\)", page.read_text()):
            assert (page.parent / target).is_file(), f"{page.name} → {target}"


def test_alerts_pages_and_dashboards_name_only_existing_metrics() -> None:
    code = code_of_the_services()
    texts = [str(alert) for alert in ALERTS.values()]
    texts += [page.read_text() for page in (*RUNBOOKS.glob("*/*.md"), *DASHBOARDS.glob("*.json"))]
    named = {name for text in texts for name in re.findall(r"\borylo_[a-z_]*[a-z]\b", text)}

    assert named
    for name in named:
        exposed = re.sub(r"_(bucket|count|sum)$", "", name)
        assert f'"{exposed}"' in code or f'"{name}"' in code, f"no metric is called {name}"


def test_every_alert_has_a_rule_test() -> None:
    tested = {
        case["alertname"]
        for path in (MONITORING / "tests").glob("*.yml")
        for test in yaml.safe_load(path.read_text())["tests"]
        for case in test["alert_rule_test"]
        if case.get("exp_alerts")
    }

    assert tested == set(ALERTS)


@pytest.mark.timeout(300)
def test_the_rule_tests_pass() -> None:
    files = sorted((MONITORING / "tests").glob("*.yml"))

    assert_succeeds(program("promtool", "prometheus"), "test", "rules", *files)


@pytest.mark.timeout(300)
def test_prometheus_accepts_its_configuration() -> None:
    assert_succeeds(program("promtool", "prometheus"), "check", "config", MONITORING / "prometheus.yml")


@pytest.mark.timeout(300)
def test_alertmanager_accepts_its_configuration() -> None:
    assert_succeeds(program("amtool", "prometheus-alertmanager"), "check-config", ALERTMANAGER)


def assert_succeeds(*command: str | Path) -> None:
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["severity=page", "alertname=BrokerUnreachable"], "page"),
        (["severity=ticket", "alertname=CircuitOpen"], "ticket"),
        (["severity=none", "alertname=Watchdog"], "dead-mans-switch"),
    ],
)
def test_alerts_reach_their_receivers(labels: list[str], receiver: str) -> None:
    command: list[str | Path] = [program("amtool", "prometheus-alertmanager"), "config", "routes", "test"]
    assert_succeeds(*command, f"--config.file={ALERTMANAGER}", f"--verify.receivers={receiver}", *labels)


def test_a_page_is_sent_at_once_and_the_next_of_its_group_within_a_minute() -> None:
    routes = yaml.safe_load(ALERTMANAGER.read_text())["route"]["routes"]
    (page,) = [each for each in routes if each["receiver"] == "page"]

    assert (page["group_wait"], page["group_interval"]) == ("0s", "1m")


def test_receivers_also_get_the_end_and_secrets_are_in_other_files() -> None:
    configuration = yaml.safe_load(ALERTMANAGER.read_text())
    receivers = {each["name"]: each for each in configuration["receivers"]}

    for name in ("page", "ticket"):
        for kind, configs in receivers[name].items():
            if kind != "name":
                assert all(config["send_resolved"] for config in configs), f"{name}: {kind}"
    assert {"pagerduty_configs", "slack_configs", "email_configs", "sns_configs"} <= receivers["page"].keys()
    text = ALERTMANAGER.read_text()
    assert not re.search(r"(routing_key|api_url|auth_password|service_key): ", text)
    inhibited = re.findall(r"alertname (?:=|=~) \"?([\w|]+)", text)
    named = {name for names in inhibited for name in names.split("|")}
    assert named <= set(ALERTS), named - set(ALERTS)


def test_the_table_of_alarms_is_up_to_date() -> None:
    table = subprocess.run([sys.executable, REPOSITORY / "scripts/alarms"], capture_output=True, text=True, check=True)

    assert (REPOSITORY / "docs/alarms.md").read_text() == table.stdout, "run `make docs`"


def test_kubernetes_has_the_same_rules() -> None:
    command: list[str | Path] = [sys.executable, REPOSITORY / "scripts/prometheus-rule"]
    rule = subprocess.run(command, capture_output=True, text=True, check=True)
    committed = (REPOSITORY / "deploy/k8s/components/alerts/rules.yaml").read_text()

    assert committed == rule.stdout, "run `make docs`"
    alerts = {each.get("alert") for group in yaml.safe_load(committed)["spec"]["groups"] for each in group["rules"]}
    assert alerts - {None} == set(ALERTS)
