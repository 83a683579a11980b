"""Alarms, the metrics they read, their tests and their runbook pages stay together."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
MONITORING = REPOSITORY / "deploy/monitoring/prometheus"
DASHBOARDS = REPOSITORY / "deploy/monitoring/grafana/dashboards"
RUNBOOKS = REPOSITORY / "runbooks"

HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Verify", "Afterwards"]

ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: {**rule, "folder": path.stem}
    for path in sorted((MONITORING / "rules").glob("*.yml"))
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
}


def code_of_the_services() -> str:
    return "\n".join(path.read_text() for part in ("libs", "services") for path in (REPOSITORY / part).rglob("*.py"))


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_urgent_it_is_and_leads_to_its_page(name: str) -> None:
    alert = ALERTS[name]

    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert alert["annotations"]["summary"]
    assert alert["annotations"]["runbook_url"] == f"runbooks/{alert['folder']}/{name}.md"


@pytest.mark.parametrize("name", ALERTS)
def test_a_page_has_its_parts_in_their_order(name: str) -> None:
    page = (REPOSITORY / ALERTS[name]["annotations"]["runbook_url"]).read_text()

    assert page.startswith(f"# {name}\n")
    assert [bold for bold in re.findall(r"^\*\*(\w+)", page, re.MULTILINE) if bold in HEADINGS] == HEADINGS
    assert len(page.splitlines()) < 60


def test_there_is_no_page_without_an_alert() -> None:
    pages = {path.stem for path in RUNBOOKS.glob("*/*.md")}

    assert pages == set(ALERTS)


def test_links_between_pages_lead_somewhere() -> None:
    for page in RUNBOOKS.glob("*/*.md"):
        for target in re.findall(r"\]\(([^)]+\.md)\)", page.read_text()):
            assert (page.parent / target).is_file(), f"{page.name} → {target}"


def test_alerts_pages_and_dashboards_name_only_metrics_that_the_code_has() -> None:
    code = code_of_the_services()
    texts = [str(alert) for alert in ALERTS.values()]
    texts += [page.read_text() for page in (*RUNBOOKS.glob("*/*.md"), *DASHBOARDS.glob("*.json"))]
    named = {name for text in texts for name in re.findall(r"\borylo_[a-z_]*[a-z]\b", text)}

    assert named
    for name in named:
        exposed = re.sub(r"_(bucket|count|sum)$", "", name)
        assert f'"{exposed}"' in code or f'"{name}"' in code, f"no metric is called {name}"


def test_every_alert_has_a_test_of_its_rule() -> None:
    tested = {
        case["alertname"]
        for path in (MONITORING / "tests").glob("*.yml")
        for test in yaml.safe_load(path.read_text())["tests"]
        for case in test["alert_rule_test"]
        if case.get("exp_alerts")
    }

    assert tested == set(ALERTS)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: package prometheus)")
def test_the_rules_do_what_their_tests_say() -> None:
    files = sorted(str(path) for path in (MONITORING / "tests").glob("*.yml"))

    outcome = subprocess.run(["promtool", "test", "rules", *files], capture_output=True, text=True, check=False)

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
