import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orylo_cli.main import cli
from tests.unit.detector.backtest.cases import shop, write_csv


@pytest.fixture
def payments(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "payments.csv", shop(4_000))


def run(folder: Path, *arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(
        cli,
        ["backtest", *map(str, arguments), "--page", str(folder / "page.html")],
        env={"COLUMNS": "200"},
        catch_exceptions=False,
    )
    return result.exit_code, result.stdout, result.stderr


def test_it_prints_the_measures_and_writes_the_page(payments: Path, tmp_path: Path) -> None:
    code, out, err = run(tmp_path, payments)
    assert code == 0
    for text in ("ROC AUC", "average precision", "card precision@100", "threshold  detection  false positives"):
        assert text in out
    assert "amount_anomaly.customer" in out
    assert "page.html" in err


def test_json_has_every_figure(payments: Path, tmp_path: Path) -> None:
    _, out, _ = run(tmp_path, payments, "--json", "--set", "block_at=60", "--test-from", "2026-05-20")
    result = json.loads(out)
    current, proposed = result["variants"]
    assert result["test_from"] == "2026-05-20T00:00:00+00:00"
    assert (current["block_at"], proposed["block_at"]) == (80, 60)
    assert len(current["thresholds"]) == 102
    assert current["frauds"] + current["honest"] == result["measured"] < result["replayed"] == 4_000
    assert current["card_precision"]["by_day"]["2026-05-20"] >= 0
    decided = sum(each["frauds"] + each["honest"] for each in proposed["decisions"])
    assert decided == result["measured"]


def test_proposed_settings_come_from_a_file_too(payments: Path, tmp_path: Path) -> None:
    file = tmp_path / "proposed.json"
    file.write_text('{"review_at": 20, "weights": {"amount_anomaly": 1.0}}')
    _, out, _ = run(tmp_path, payments, "--json", "--proposed", file, "--set", "block_at=90")
    proposed = json.loads(out)["variants"][1]
    assert (proposed["review_at"], proposed["block_at"]) == (20, 90)


def test_proposed_rules_are_compared(payments: Path, tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    rule = {"name": "big", "expression": "payment.amount > 300.0", "action": {"kind": "block"}}
    file.write_text(json.dumps([rule, {**rule, "name": "bigger", "mode": "shadow"}]))
    _, out, _ = run(tmp_path, payments, "--json", "--rules", file)
    current, proposed = json.loads(out)["variants"]
    assert current["rules"] == []
    assert [(each["name"], each["mode"]) for each in proposed["rules"]] == [("big", "on"), ("bigger", "shadow")]
    assert proposed["rules"][0]["changed_frauds"] > 0
    assert "Rules, proposed" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[", "rules.json, line 1: "),
        ("{}", "rules.json is not a list of rules"),
        ('[{"name": "x"}]', "rules.json, rule 1: expression: Field required; action: Field required"),
        (
            '[{"name": "x", "expression": "payment.amout > 1", "action": {"kind": "block"}}]',
            "rules.json, rule 1, line 1, column 1: ",
        ),
    ],
)
def test_bad_rules_are_reported(payments: Path, tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "rules.json"
    file.write_text(content)
    code, _, err = run(tmp_path, payments, "--rules", file)
    assert code == 1
    assert says in err


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def test_the_page_loads_nothing_and_names_its_charts_and_tables(payments: Path, tmp_path: Path) -> None:
    run(tmp_path, payments, "--set", "block_at=60")
    text = (tmp_path / "page.html").read_text()
    page = Page()
    page.feed(text)
    assert not {"script", "link", "img", "iframe", "object", "embed", "form"} & set(page.tags)
    assert not [value for name, value in page.attributes if name in ("src", "href", "xlink:href", "action")]
    assert "http" not in text.replace("http-equiv", "")
    assert "default-src 'none'" in text
    charts = page.tags.count("polyline")
    assert page.tags.count("svg") >= 4 < charts
    assert page.tags.count("title") == 1 + page.tags.count("desc")
    assert page.tags.count("caption") == page.tags.count("table") > 5
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    labels = [part for name, value in page.attributes if name == "aria-labelledby" and value for part in value.split()]
    assert labels
    assert set(labels) <= set(ids)


def test_texts_of_the_file_are_escaped_on_the_page(tmp_path: Path) -> None:
    payments = [each._replace(payment_id=f"<script>{each.payment_id}") for each in shop(4_000)]
    run(tmp_path, write_csv(tmp_path / "payments.csv", payments))
    text = (tmp_path / "page.html").read_text()
    assert "<script>" not in text
    assert "&lt;script&gt;payment" in text


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        (("--feedback-delay", "soon"), "'soon' is not a duration: write 7d or 36h", 2),
        (("--feedback-delay", "-1d"), "the delay must be between 0 and 365 days", 2),
        (("--feedback-delay", "inf"), "is not a duration", 2),
        (("--test-from", "June"), "'June' is not a time: write 2026-05-10", 2),
        (("--test-from", "2030-01-01"), "they must be in this order", 2),
        (("--warmup-from", "2026-06-05", "--test-from", "2026-06-01"), "they must be in this order", 2),
        (("--set", "block=70"), "write KEY=VALUE, where KEY is one of", 2),
        (("--set", "block_at=200"), "block_at: Input should be less than or equal to 101", 2),
        (("--proposed", "gone.json"), "gone.json: No such file or directory", 1),
    ],
)
def test_a_misuse_is_reported(payments: Path, tmp_path: Path, arguments: tuple[str, ...], says: str, code: int) -> None:
    result, _, err = run(tmp_path, payments, *arguments)
    assert (result, says in " ".join(err.replace("│", " ").split())) == (code, True), err


@pytest.mark.parametrize(
    ("content", "says"),
    [("{", "line 1"), ('{"block_at": "high"}', "block_at: Input should be"), ("[]", "settings: Input should be")],
)
def test_a_bad_file_of_settings_is_reported(payments: Path, tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "proposed.json"
    file.write_text(content)
    code, _, err = run(tmp_path, payments, "--proposed", file)
    assert code == 1
    assert says in err


def test_bad_rows_are_listed_with_their_lines(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "payments.csv", shop(3))
    file.write_text(file.read_text() + "2026-05-10,p9,ana,12.x,BRL,0\n")
    code, _, err = run(tmp_path, file)
    assert code == 1
    assert "payments.csv, line 5: amount '12.x'" in err
    assert not (tmp_path / "page.html").exists()


# Presses Ctrl-C when 2,000 payments are done.
INTERRUPTED = """
import os, signal
from orylo_cli.commands import backtest
from orylo_cli.main import app

# A process that a script starts in the background ignores the signal.
signal.signal(signal.SIGINT, signal.default_int_handler)

class Interrupted(backtest.Backtest):
    async def run(self, payments, progress):
        def press(done):
            progress(done)
            if done == 2000:
                os.kill(os.getpid(), signal.SIGINT)
        await super().run(payments, press)

backtest.Backtest = Interrupted
app()
"""


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "payments.csv", shop(4_000))
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, "backtest", str(file), "--json", "--test-from", "2026-05-10T12:00:00"],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 130, done.stderr.decode()
    result = json.loads(done.stdout)
    assert (result["interrupted"], result["measured"]) == (True, 2_000)
    assert "Interrupted. The figures are of the payments until" in (tmp_path / "backtest.html").read_text()
