"""The alarms of CloudWatch on the application's own metrics, their dashboard, and the collector that fills them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.api import lint_file  # type: ignore[import-untyped]
from cfnlint.decode import decode  # type: ignore[import-untyped]

from tests.contract.test_alerts import ALERTS, code_of_the_services

FOLDER = Path(__file__).parents[2] / "deploy/aws"
TEMPLATE = FOLDER / "alarms.yml"

Json = dict[str, Any]
Series = tuple[str, frozenset[str]]

RESOURCES: Json = json.loads(json.dumps(decode(str(TEMPLATE))[0]))["Resources"]
ALARMS = {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == "AWS::CloudWatch::Alarm"}
COLLECTOR: Json = yaml.safe_load((FOLDER / "collector.yml").read_text())
# Whoever never sends metrics is down; the silence of another metric is no error.
HEARTBEATS = {name for name, alarm in ALARMS.items() if alarm.get("MetricName") == "up"}


def series_of(alarm: Json) -> list[Series]:
    """Return Orylo's metrics of an alarm with the names of their dimensions."""
    of_math = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
    return [
        (each["MetricName"], frozenset(one["Name"] for one in each["Dimensions"]))
        for each in of_math or [alarm]
        if each["Namespace"] == "Orylo"
    ]


def widgets() -> list[Json]:
    body = RESOURCES["Overview"]["Properties"]["DashboardBody"]["Fn::Sub"]
    return json.loads(body.replace("${AWS::Region}", "eu-west-1"))["widgets"]  # type: ignore[no-any-return]


def collected() -> set[Series]:
    return {
        (selector.strip("^$"), frozenset(dimensions))
        for each in COLLECTOR["exporters"]["awsemf"]["metric_declarations"]
        for dimensions in each["dimensions"]
        for selector in each["metric_name_selectors"]
    }


def shown() -> set[Series]:
    return {(name, frozenset(pairs[::2])) for each in widgets() for _, name, *pairs in each["properties"]["metrics"]}


def test_the_template_is_valid() -> None:
    assert lint_file(TEMPLATE) == []


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_links_to_the_page_of_its_alert_and_reports_its_end(name: str) -> None:
    alarm = ALARMS[name]
    alert = re.fullmatch(r"\$\{Prefix\}-(\w+?)(?:-\w+)?", alarm["AlarmName"]["Fn::Sub"])

    assert alert
    assert alert[1] in ALERTS
    assert alarm["AlarmDescription"]["Fn::Sub"].endswith(f"${{Dashboard}}/runbooks/{alert[1]}")
    assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}]
    assert alarm["TreatMissingData"] == ("breaching" if name in HEARTBEATS else "notBreaching")


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_reads_metrics_of_its_alert(name: str) -> None:
    alert = ALERTS[re.findall(r"-(\w+)", ALARMS[name]["AlarmName"]["Fn::Sub"])[0]]

    for metric, _ in series_of(ALARMS[name]):
        assert metric in alert["expr"]


@pytest.mark.parametrize("name", [name for name, alarm in ALARMS.items() if "Metrics" in alarm])
def test_an_expression_uses_exactly_the_metrics_of_its_alarm_over_one_period(name: str) -> None:
    """CloudWatch refuses an unknown name and another period."""
    (result,) = (each for each in ALARMS[name]["Metrics"] if each["Id"] == "result")
    stats = [each for each in ALARMS[name]["Metrics"] if each["Id"] != "result"]
    expression = result["Expression"] if isinstance(result["Expression"], str) else result["Expression"]["Fn::Sub"]
    names = set(re.findall(r"\b[a-z][a-z_]*\b", expression))

    assert names == {each["Id"] for each in stats}
    assert len({each["MetricStat"]["Period"] for each in stats}) == 1


def test_exactly_the_metrics_that_are_read_are_collected() -> None:
    read = {series for alarm in ALARMS.values() for series in series_of(alarm)} | shown()

    assert collected() == read


def test_every_collected_metric_exists_and_none_has_a_tenant() -> None:
    code = code_of_the_services()

    for metric, dimensions in collected():
        assert metric == "up" or f'"{metric}"' in code, metric
        assert not dimensions & {"tenant", "destination", "gateway", "queue"}


def test_every_service_has_a_heartbeat() -> None:
    watched = {one["Value"] for name in HEARTBEATS for one in ALARMS[name]["Dimensions"] if one["Name"] == "service"}

    assert watched == {"ingest", "detector", "trust", "dispatch", "api"}


def test_widgets_do_not_overlap() -> None:
    places = [(each["x"], each["y"]) for each in widgets()]

    assert len(set(places)) == len(places)
    assert {each["width"] for each in widgets()} == {12}
